"""A run that is stopped in any way ends with the bits of one that isn't."""

import csv
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from fixtures import forked

ROOT = Path(__file__).parents[2]
STEPS = 160
SETTINGS = (
    "--image_size=16", "--base_filters=4", "--latent_dim=8",
    "--batch_size=16", "--precision=float32", "--strategy=one_device",
    "--split=train[:400]", "--deterministic", "--seed=3", f"--steps={STEPS}",
    "--report_every=10", "--sample_every=40", "--checkpoint_every=20",
)  # fmt: skip


def start(run_dir, *flags):
    argv = ["train.py", f"--run_dir={run_dir}", *SETTINGS, *flags]
    return forked.Program(argv, cwd=ROOT)


def signal_after(process, step, number):
    """Signals a run once it has reported a step."""
    for line in process.stdout:
        if line.startswith(f"step {step}/"):
            process.send_signal(number)
            break
    output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


def run_to_end(run_dir, *flags):
    process = start(run_dir, *flags)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return output


def last_weights(run_dir):
    prefix = str(Path(run_dir) / "checkpoints" / f"ckpt-{STEPS}")
    reader = tf.train.load_checkpoint(prefix)
    names = reader.get_variable_to_shape_map()
    return {
        name: reader.get_tensor(name)
        for name in names
        if not name.startswith(("_CHECKPOINTABLE", "save_counter"))
    }


def losses_by_step(run_dir):
    with (Path(run_dir) / "metrics.csv").open() as file:
        return {
            row["step"]: (row["d_loss"], row["g_loss"])
            for row in csv.DictReader(file)
        }


def modification_times(run_dir):
    return {
        path: path.stat().st_mtime_ns
        for path in run_dir.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """By a new interpreter; the others are forked."""
    run_dir = tmp_path_factory.mktemp("unbroken") / "run"
    argv = [sys.executable, "train.py", f"--run_dir={run_dir}", *SETTINGS]
    subprocess.run(argv, cwd=ROOT, check=True, capture_output=True)
    return run_dir


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """Stopped by SIGTERM, then killed, then left alone."""
    run_dir = tmp_path_factory.mktemp("broken") / "run"
    code, output, errors = signal_after(start(run_dir), 50, signal.SIGTERM)
    assert code == 75, errors
    assert "checkpoint saved" in output
    code, _, _ = signal_after(start(run_dir), 110, signal.SIGKILL)
    assert code == -signal.SIGKILL
    output = run_to_end(run_dir)
    step = int(output.split("resuming from step ")[1].split()[0])
    # At most --checkpoint_every steps were lost to the kill.
    assert 100 <= step < STEPS
    return run_dir


@pytest.mark.slow
def test_weights_and_optimizers_are_the_same_bits(unbroken, broken):
    expected, got = last_weights(unbroken), last_weights(broken)
    assert expected.keys() == got.keys()
    assert len(expected) > 40
    for name, value in expected.items():
        np.testing.assert_array_equal(got[name], value, err_msg=name)


@pytest.mark.slow
def test_metrics_have_every_step_once(unbroken, broken):
    expected, got = losses_by_step(unbroken), losses_by_step(broken)
    assert list(got) == list(expected)
    # Reports after the checkpoint of the kill are means over the same steps.
    assert got[str(STEPS)] == expected[str(STEPS)]


@pytest.mark.slow
def test_samples_are_the_same_images(unbroken, broken):
    names = sorted(p.name for p in (unbroken / "samples").iterdir())
    assert names == sorted(p.name for p in (broken / "samples").iterdir())
    assert len(names) == STEPS // 40 + 1
    for name in names:
        assert (unbroken / "samples" / name).read_bytes() == (
            broken / "samples" / name
        ).read_bytes()


@pytest.mark.slow
def test_a_complete_run_says_so_and_longer_ones_go_on(unbroken):
    before = modification_times(unbroken)
    output = run_to_end(unbroken)
    assert "is complete" in output
    assert modification_times(unbroken) == before


@pytest.mark.slow
def test_other_settings_are_listed_and_refused(unbroken):
    process = start(unbroken, "--beta_1=0.9", "--seed=4")
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert len(errors.strip().splitlines()) == 1, errors
    assert "beta_1 was 0.5, is now 0.9" in errors
    assert "seed was 3, is now 4" in errors
