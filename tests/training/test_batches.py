"""Several steps in one call train as one call a step does, to the bit."""

import numpy as np
import tensorflow as tf

from dcgan_tf.data.source import build_array_source
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.runs.metrics import read_metrics
from dcgan_tf.training import batches, recorder
from dcgan_tf.training.run_training import run_training
from dcgan_tf.training.step import GradientTapeStep
from dcgan_tf.training.step_measures import StepTimer

STEPS = 8
TINY = {
    "image_size": (16, 16), "base_filters": 4, "latent_dim": 8,
    "batch_size": 4, "precision": "float32", "report_every": 4,
    "checkpoint_every": 4,
}  # fmt: skip
# Calls end at each penalty, too. The command trains other kinds so, in
# `contracts/test_steps_and_parts`.
PENALISED = {
    "r1_weight": 1.0,
    "penalty_every": 3,
    "updates": "alternating",
}


def train(run_dir, settings, steps=STEPS):
    settings = {**TINY, **settings, "steps": steps}
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (12, 16, 16, 1), np.uint8)
    source = build_array_source("mine", "train", images, np.full(12, -1))
    config = resolve_run_config(settings)
    run_training(config, run_dir, source=source)


def read_run(run_dir):
    """Returns what a run ends with: each variable, and its metrics."""
    prefix = str(run_dir / "checkpoints" / f"ckpt-{STEPS}")
    reader = tf.train.load_checkpoint(prefix)
    values = {
        name: reader.get_tensor(name)
        for name in reader.get_variable_to_shape_map()
        if not name.startswith(("_CHECKPOINTABLE", "save_counter"))
    }
    timed = ("images_per_second", "elapsed_seconds")
    rows = [
        {name: value for name, value in row.items() if name not in timed}
        for row in read_metrics(run_dir)
    ]
    return values, rows


def assert_same(run_dir, expected_dir):
    (values, rows), (expected, expected_rows) = map(
        read_run, (run_dir, expected_dir)
    )
    assert len(expected) > 40 and values.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(values[name], value, err_msg=name)
    assert rows == expected_rows


def test_runs_end_alike_with_any_number_of_steps_a_call(tmp_path, monkeypatch):
    traced = []

    class Timer(StepTimer):
        def count_steps(self, num_steps, has_traced=False):
            traced.append(has_traced)
            super().count_steps(num_steps, has_traced)

    monkeypatch.setattr(recorder, "StepTimer", Timer)
    train(tmp_path / "one", {**PENALISED, "steps_per_call": 1})
    # Steps with and without a penalty trace each for themselves.
    assert traced == [True, True, *[False] * 6]
    counts = []
    train_steps = GradientTapeStep.train_steps

    def count_steps(self, images, labels, first, count):
        counts.append((first, count))
        return train_steps(self, images, labels, first, count)

    monkeypatch.setattr(GradientTapeStep, "train_steps", count_steps)
    # Stopped between two steps of what would have been one call.
    train(tmp_path / "run", {**PENALISED, "steps_per_call": 3}, steps=5)
    train(tmp_path / "run", {**PENALISED, "steps_per_call": 2})
    # What is due at step 4 ends a call; the run's last step does, too.
    assert counts == [(0, 3), (0, 1), (1, 1), (0, 2), (0, 1)]
    assert [row["step"] for row in read_run(tmp_path / "run")[1]] == [
        "4", "5", "8",
    ]  # fmt: skip
    (values, _), (expected, _) = map(
        read_run, (tmp_path / "run", tmp_path / "one")
    )
    for name, value in expected.items():
        np.testing.assert_array_equal(values[name], value, err_msg=name)


def test_the_number_is_chosen_by_itself_after_the_first_report(
    tmp_path, monkeypatch
):
    train(tmp_path / "one", {"steps_per_call": 1})
    calls = []

    def choose(seconds_per_step, steps_left):
        assert seconds_per_step > 0
        calls.append(steps_left)
        return 3

    monkeypatch.setattr(batches, "choose_steps_per_call", choose)
    train(tmp_path / "run", {})
    assert calls == [3]
    assert_same(tmp_path / "run", tmp_path / "one")
