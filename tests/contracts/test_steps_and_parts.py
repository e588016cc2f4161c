"""Steps in one call, and steps in parts, by the command, on kinds of runs."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from fixtures.checkpoint_files import load_tensors
from PIL import Image

from dcgan_tf.cli import train

STEPS = 5
TINY = (
    "--batch_size=4", "--strategy=one_device",
    "--precision=float32", f"--steps={STEPS}", "--report_every=5",
    "--sample_every=5", "--checkpoint_every=5", "--eval_every=0", "--seed=3",
)  # fmt: skip
FOLDER = "Bilder von Äpfeln, grün"
# Together every kind of run that reads or trains otherwise.
STOPPED = "conditional, grey, rectangular, of a folder"
KINDS = {
    STOPPED: (
        f"--image_dir={FOLDER}", "--conditional", "--channels=1",
        "--image_size=16x32", "--base_filters=2", "--latent_dim=4",
    ),
    "gan": (
        "--family=gan", "--hidden_units=8", "--image_size=16",
        "--latent_dim=4", f"--image_dir={FOLDER}",
    ),
    "lapgan": (
        "--family=lapgan", "--hidden_units=8", "--base_filters=2",
        "--image_size=16", f"--image_dir={FOLDER}",
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A working folder with pictures of two classes."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for index in range(12):
        path = tmp_path / FOLDER / "ab"[index % 2] / f"Nr. {index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = rng.integers(0, 256, (20, 36, 3), np.uint8)
        Image.fromarray(noise).save(path)
    return tmp_path


def train_run(run_dir, *flags):
    """Returns the weights and the row of metrics at the end."""
    assert train.main([*TINY, *flags, f"--run_dir={run_dir}"]) == 0
    with open(f"{run_dir}/metrics.csv", encoding="utf-8") as file:
        *_, row = csv.DictReader(file)
    row = {name: row[name] for name in row if "second" not in name}
    return load_tensors(Path(run_dir), STEPS), row


@pytest.mark.parametrize("kind", KINDS)
def test_steps_of_one_call_are_those_of_several(kind):
    """In parts, too; and of a run that was stopped meanwhile."""
    flags = KINDS[kind]
    if kind != "lapgan":  # Tracing its levels in parts takes long.
        flags = (*flags, "--accumulate=2")
    single = ["--steps_per_call=1"]
    if kind == STOPPED:
        single.append("--checkpoint_every=2")
    each = train_run("einzeln", *flags, *single)
    flags = (*flags, "--steps_per_call=3")
    if kind == STOPPED:  # As killed after its second step, and one more.
        shutil.copytree("einzeln", "zu dritt")
        for later in (4, STEPS):
            for path in Path("zu dritt").glob(f"checkpoints/ckpt-{later}*"):
                path.unlink()
    weights, row = train_run("zu dritt", *flags)
    assert row["step"] == str(STEPS)
    if kind != STOPPED:  # Whose last row is of fewer steps.
        assert row == each[1]
    assert set(weights) == set(each[0])
    for name, value in each[0].items():
        np.testing.assert_array_equal(weights[name], value, err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_parts_that_a_batch_does_not_divide_into_are_refused(kind, capsys):
    flags = (*TINY, *KINDS[kind], "--accumulate=3", "--run_dir=nie")
    assert train.main(flags) in (1, 2)
    error = capsys.readouterr().err
    assert "accumulate is 3, and the 4 images" in error
    assert error.count("\n") == 1 and not Path("nie").exists()
