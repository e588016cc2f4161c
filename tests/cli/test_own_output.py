"""What this program wrote into a folder of pictures is none of them."""

import json
from pathlib import Path

import matplotlib.figure
import numpy as np
import pytest
from PIL import Image

from dcgan_tf import images
from dcgan_tf.cli import data as data_command
from dcgan_tf.cli import train as train_command
from dcgan_tf.config import DataConfig
from dcgan_tf.data.open_source import load_source
from dcgan_tf.runs import curves

TINY = (
    "--image_size=16", "--base_filters=4", "--latent_dim=4",
    "--batch_size=4", "--strategy=one_device", "--precision=float32",
    "--report_every=1", "--sample_every=1", "--checkpoint_every=2",
    "--cache=memory",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two classes of pictures, which is also the current folder."""
    folder = tmp_path / "pictures"
    for i in range(8):
        path = folder / ("cat", "dog")[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(make_sheet(i)).save(path)
    monkeypatch.chdir(folder)
    return folder


def load(folder: Path):
    return load_source(
        DataConfig(dataset="image_folder", image_dir=str(folder))
    )


def make_sheet(seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (30, 40, 3), np.uint8)


def a_grid(folder):
    images.save_png(folder / "samples.png", make_sheet())


def a_grid_beside_a_class(folder):
    images.save_png(folder / "cat" / "samples.png", make_sheet())


def samples_in_a_folder(folder):
    for i in range(3):
        path = folder / "samples" / f"seed-{i}.png"
        images.save_png(path, make_sheet(i), "sample")


def grey_grid(folder):
    images.save_png(folder / "grey.png", make_sheet()[..., :1])


def an_animation(folder):
    images.save_gif(folder / "walk.gif", [make_sheet(i) for i in range(2)])


def a_grid_half_written(folder):
    images.save_png(folder / "a.png", make_sheet())
    (folder / "a.png").rename(folder / "a.png.partial")


def a_figure(folder):
    images.save_figure(folder / "figure.png", matplotlib.figure.Figure((2, 2)))


def a_runs_curves(folder):
    (folder / "metrics.csv").write_text("step,d_loss,g_loss\n1,1.0,1.0\n")
    curves.save_curves(folder)
    assert (folder / "losses.png").exists()
    (folder / "metrics.csv").unlink()


def a_run(folder):
    settings = {"model": {}, "data": {}, "training": {}}
    run = folder / "runs" / "pictures"
    run.mkdir(parents=True)
    (run / "config.json").write_text(json.dumps(settings))
    Image.fromarray(make_sheet()).save(run / "losses.png")


def a_run_with_damaged_settings(folder):
    run = folder / "run"
    (run / "checkpoints").mkdir(parents=True)
    (run / "config.json").write_text("{")
    Image.fromarray(make_sheet()).save(run / "losses.png")


def an_export(folder):
    version = folder / "exported" / "generator" / "1"
    version.mkdir(parents=True)
    (version / "export.json").write_text(json.dumps({"step": 2}))
    Image.fromarray(make_sheet()).save(version / "warm.png")


@pytest.mark.parametrize(
    "write",
    [
        a_grid,
        a_grid_beside_a_class,
        samples_in_a_folder,
        grey_grid,
        an_animation,
        a_grid_half_written,
        a_figure,
        a_runs_curves,
        a_run,
        a_run_with_damaged_settings,
        an_export,
    ],
)
def test_own_output_is_no_input(folder, write):
    before = load(folder)
    write(folder)
    after = load(folder)
    assert after.num_examples == before.num_examples == 8
    assert after.label_names == ("cat", "dog")
    assert after.fingerprint == before.fingerprint
    assert after.num_skipped == 0
    assert after.skipped.own_output


def test_folder_of_samples_that_is_named_is_read(folder):
    samples_in_a_folder(folder)
    images.save_png(folder / "samples" / "contact_sheet.png", make_sheet())
    source = load(folder / "samples")
    assert source.num_examples == 3  # The sheet that shows them is none.
    assert source.skipped.own_output == ("contact_sheet.png",)


def test_folder_of_grids_that_is_named_is_read(folder):
    for step in range(3):
        path = folder / "run" / "samples" / f"step-{step}.png"
        images.save_png(path, make_sheet(step))
    assert load(folder / "run" / "samples").num_examples == 3


def test_config_json_of_others_makes_no_run(folder):
    (folder / "cat" / "config.json").write_text('{"model": "camera"}')
    assert load(folder).num_examples == 8


def test_training_twice_inside_the_folder_sees_the_same(folder, capsys):
    for steps in (2, 4):
        code = train_command.main(
            [*TINY, "--image_dir=.", "--conditional", f"--steps={steps}"]
        )
        assert code == 0, capsys.readouterr().err
    assert (folder / "runs" / "pictures" / "losses.png").exists()
    assert load(folder).num_examples == 8


def test_contact_sheet_is_not_counted_the_second_time(folder, capsys):
    for _ in range(2):
        assert data_command.main(["--image_dir=."]) == 0
    printed = capsys.readouterr().out
    assert printed.count(".: 8 images (train)") == 2
    assert printed.count("2 classes: cat, dog") == 2
    assert "Left out, since dcgan_tf made it: contact_sheet.png" in printed
