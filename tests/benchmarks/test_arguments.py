"""Flags of benchmarks that can't be: a line each, before any work."""

import importlib
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

REFUSED = [
    ("input_pipeline", "--networks=128x128", "'128x128' is not one of"),
    ("input_pipeline", "--rounds=0", "no whole number from 1 on"),
    ("input_pipeline", "--json=nowhere/figures.json", "no file in a folder"),
    ("input_pipeline", "--json=.", "no file in a folder"),
    ("training_step", "--networks=64x64, base 64;other", "'other' is not"),
    ("training_step", "--networks=", "'' is not one of"),
    ("training_step", "--precisions=bfloat16", "'bfloat16' is not one of"),
    ("training_step", "--device=tpu", "invalid choice: 'tpu'"),
    ("training_memory", "--accumulate=1,x", "'x' is no whole number"),
    ("training_memory", "--accumulate=1,1", "names one twice"),
    ("training_memory", "--accumulate=0", "'0' is no whole number"),
    ("training_memory", "--accumulate=3", "512 images don't divide into 3"),
    ("training_memory", "--batch_size=-1", "no whole number from 1 on"),
    ("training_memory", "--precision=half", "invalid choice: 'half'"),
    ("scaling", "--batch_size=1", "no whole number from 2 on"),
    ("scaling", "--precision=float64", "invalid choice: 'float64'"),
    ("worker_scaling", "--networks=32", "'32' is not one of"),
    ("worker_scaling", "--scaling=medium", "'medium' is not one of"),
    ("worker_scaling", "--links=1000,fast", "'fast' is no whole number"),
    ("ablate_guidelines", "--seeds=0,,1", "'' is no whole number"),
    ("ablate_guidelines", "--seeds=-1", "'-1' is no whole number"),
    ("families", "--minutes=nan", "'nan' is no number from 0 on"),
    ("families", "--lapgan_factor=-1", "'-1' is no number from 0 on"),
    ("families", "--every=0.5", "'0.5' is no whole number from 1 on"),
    ("families", "--families=dcgan;gun", "'gun' is not one of"),
    ("families", "--seeds=a", "'a' is no whole number from 0 on"),
    ("families", "--preset=mnist", "invalid choice: 'mnist'"),
    ("families", "--image_size=64by64", "64by64"),
    ("families", "--image_size=63", "63"),
    ("families", "--dataset=celeb_a --image_dir=x", "not both"),
    ("families", "--data_dir=x", "means nothing to mnist_5k"),
    ("families", "--once=dcgn", "'dcgn' is not one of"),
    ("family_step", "--steps=dcgan", "'dcgan' is not one of"),
    ("recipes", "--choices=papier", "'papier' is not one of"),
    ("recipes", "--seeds=a", "'a' is no whole number"),
    ("recipes", "--image_size=63", "63"),
    ("recipes", "--image_dir=x --manual_dir=y", "means nothing to an image"),
    ("recipes", "--channels=2", "invalid choice: 2"),
    ("recipes", "--features=inception", "invalid choice: 'inception'"),
    ("recipes", "--checkpoints=0", "no whole number from 1 on"),
    ("generation", "--rounds=many", "'many' is no whole number"),
    ("lite_generation", "--rounds=1_0", "'1_0' is no whole number"),
    ("load_test", "--threads=0", "no whole number from 1 on"),
]


def call(name, arguments, monkeypatch):
    """Calls a benchmark as a shell does; returns its exit code."""
    # Some set it when they are imported.
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *arguments])
    command = importlib.import_module("command")
    with pytest.raises(SystemExit) as ended:
        command.run(importlib.import_module(name).main)
    return ended.value.code


@pytest.mark.parametrize(("name", "flag", "message"), REFUSED)
def test_a_flag_that_cannot_be_is_a_line(
    name, flag, message, monkeypatch, capsys, tmp_path
):
    monkeypatch.chdir(tmp_path)
    flags = flag.split(" --")
    flags[1:] = [f"--{other}" for other in flags[1:]]
    assert call(name, flags, monkeypatch) == 2
    printed, error = capsys.readouterr()
    assert message in error
    assert error.startswith(f"{name}.py: error: ") and error.count("\n") == 1
    assert not printed and not list(tmp_path.iterdir())


MISSING = [
    ("load_test", "nowhere", "'nowhere' holds no generator/1; give"),
    ("families", "--image_dir=nowhere", "image folder nowhere is not there"),
    ("recipes", "--image_dir=nowhere", "image folder nowhere is not there"),
    ("recipes", "--held_out_dir=nowhere", "nowhere is not there"),
    ("families", "--dataset=toy_faxes", "toy_faces"),
]


@pytest.mark.parametrize(("name", "flag", "message"), MISSING)
def test_images_that_are_not_there_are_a_line_and_no_work(
    name, flag, message, monkeypatch, capsys, tmp_path, few_faces
):
    monkeypatch.chdir(tmp_path)
    line = call(name, [flag], monkeypatch)
    assert line.startswith(f"{name}.py: error: ") and message in line
    assert "\n" not in line and capsys.readouterr() == ("", "")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "[]", '{"runs": [{"seed": 0}]}'])
def test_files_to_merge_must_be_this_benchmarks(text, monkeypatch, tmp_path):
    path = tmp_path / "figures.json"
    path.write_text(text)
    merge = ["--merge", str(path), str(tmp_path / "none.json")]
    code = call("ablate_guidelines", merge, monkeypatch)
    assert "no file that --json of this benchmark has written" in code
    path.write_text('{"runs": []}')
    code = call("ablate_guidelines", merge, monkeypatch)
    assert code.startswith("ablate_guidelines.py: error: [Errno 2]")
