"""Data that go away in the middle of a run: said, and nothing is lost."""

import re
import shutil

import numpy as np
import pytest
from PIL import Image

from dcgan_tf.cli import train as train_command
from dcgan_tf.runs import checkpoints
from dcgan_tf.training.distribution.workers import StopAgreement
from dcgan_tf.training.step import GradientTapeStep

TINY = (
    "--image_size=16", "--base_filters=4", "--latent_dim=4",
    "--batch_size=4", "--strategy=one_device", "--precision=float32",
    "--report_every=1", "--sample_every=100", "--checkpoint_every=100",
    "--steps=30",
)  # fmt: skip
NUM_PICTURES = 40
LOST_AFTER_STEPS = 3


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    for i in range(NUM_PICTURES):
        noise = rng.integers(0, 256, (16, 16, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / "pictures" / f"{i}.png")
    return tmp_path / "pictures"


def most_files_go(folder):
    for i in range(30):
        (folder / f"{i}.png").unlink()


def all_files_go(folder):
    for path in folder.iterdir():
        path.unlink()


def folder_goes(folder):
    shutil.rmtree(folder)


def files_get_broken(folder):
    for path in folder.iterdir():
        path.write_bytes(b"\x89PNG\r\n\x1a\n")


def cache_gets_cut_off(folder):
    (path,) = (folder.parent / "cache" / "dcgan_tf").iterdir()
    with path.open("r+b") as file:
        file.truncate(100)


def lose_in_the_middle(lose, folder, monkeypatch):
    train_step = GradientTapeStep.train_step
    steps = []

    def lose_after_some(self, *args):
        steps.append(1)
        if len(steps) == LOST_AFTER_STEPS:
            lose(folder)
        return train_step(self, *args)

    monkeypatch.setattr(GradientTapeStep, "train_step", lose_after_some)


@pytest.mark.parametrize(
    ("lose", "cache", "message"),
    [
        (most_files_go, "off", r"of the \d+ images .*in .* are gone"),
        (all_files_go, "off", r"of the \d+ images .*in .* are gone"),
        (folder_goes, "off", "image folder .* is gone"),
        (files_get_broken, "off", "can't be read as images"),
        (cache_gets_cut_off, "disk", "cut off at byte"),
    ],
)
def test_data_lost_in_the_middle(
    folder, tmp_path, capsys, monkeypatch, lose, cache, message
):
    lose_in_the_middle(lose, folder, monkeypatch)
    run_dir = tmp_path / "run"
    argv = [*TINY, f"--image_dir={folder}", f"--run_dir={run_dir}"]
    code = train_command.main([*argv, f"--cache={cache}"])
    errors = [
        line
        for line in capsys.readouterr().err.splitlines()
        if "error:" in line
    ]
    assert code == 1
    assert len(errors) == 1
    assert re.search(message, errors[0])
    (saved,) = checkpoints.list_steps(run_dir)
    assert saved >= LOST_AFTER_STEPS
    assert f"A checkpoint of step {saved} is saved" in errors[0]


def test_one_of_several_workers_does_not_say_that_it_saved(
    folder, tmp_path, capsys, monkeypatch
):
    """The others, who vote a step later, are in the next step already."""
    monkeypatch.setattr(
        StopAgreement, "any_worker", lambda self, wants_stop: False
    )
    lose_in_the_middle(folder_goes, folder, monkeypatch)
    run_dir = tmp_path / "run"
    argv = [*TINY, f"--image_dir={folder}", f"--run_dir={run_dir}"]
    assert train_command.main([*argv, "--cache=off"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "connected? Start all workers again with the same command" in error
    assert "is saved" not in error
