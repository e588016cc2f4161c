"""What the loop does before its first step."""

import dataclasses
from pathlib import Path

import pytest
import tensorflow as tf
from fixtures import tiny_run

from dcgan_tf.data.open_source import load_source
from dcgan_tf.runs.folder import CONFIG_FILE, load_run_config
from dcgan_tf.training import loop
from dcgan_tf.training.recorder import Recorder


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    """A run of one step, whose evaluation a death prevented."""
    folder = tmp_path_factory.mktemp("worker")
    pictures = tiny_run.make_pictures(folder / "pictures")
    return tiny_run.make_run(folder / "run", pictures)


@pytest.mark.parametrize(
    ("steps", "answers", "evaluated", "was_complete"),
    [
        # By its own look at the files, it would evaluate each of these.
        (1, {"is_unevaluated": False}, [], True),
        (1, {"is_unevaluated": True}, [1], True),
        (9, {"is_unevaluated": False, "has_lost_patience": True}, [], False),
    ],
)
def test_a_worker_does_what_the_chief_says(
    run_dir, monkeypatch, steps, answers, evaluated, was_complete
):
    given, asked = iter(answers.values()), []
    monkeypatch.setattr(loop.workers, "is_chief", lambda strategy: False)
    monkeypatch.setattr(
        loop.workers,
        "chief_says",
        lambda strategy, own: asked.append(own) or next(given),
    )
    steps_evaluated = []
    monkeypatch.setattr(
        Recorder, "evaluate", lambda self, step: steps_evaluated.append(step)
    )
    monkeypatch.setattr(loop, "_train_steps", None)  # Nobody trains.
    config = load_run_config(run_dir)
    training = dataclasses.replace(
        config.training, steps=steps, eval_every=1, checkpoint_every=1
    )
    config = dataclasses.replace(config, training=training)
    before = {p: p.stat().st_mtime_ns for p in run_dir.rglob("*")}
    result = loop.train(
        config,
        run_dir,
        load_source(config.data),
        tf.distribute.get_strategy(),
        "float32",
        build_evaluator=lambda *_: pytest.fail("the chief alone evaluates"),
    )
    assert asked == [True, False][: len(answers)]
    assert steps_evaluated == evaluated
    assert (result.step, result.was_complete) == (1, was_complete)
    assert {p: p.stat().st_mtime_ns for p in run_dir.rglob("*")} == before


def test_a_runs_record_is_read_once(run_dir, monkeypatch):
    """Were it replaced in between, one was checked and another restored."""
    config = load_run_config(run_dir)
    training = dataclasses.replace(config.training, steps=1)
    config = dataclasses.replace(config, training=training)
    source = load_source(config.data)
    read_text, read = Path.read_text, []

    def note_and_read(path, *arguments, **options):
        read.append(path.name)
        return read_text(path, *arguments, **options)

    monkeypatch.setattr(Path, "read_text", note_and_read)
    strategy = tf.distribute.get_strategy()
    result = loop.train(config, run_dir, source, strategy)
    assert result.was_complete
    assert read.count(CONFIG_FILE) == 1
