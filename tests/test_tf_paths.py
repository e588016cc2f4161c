"""TensorFlow writes and reads in folders of any name."""

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)

from dcgan_tf import tf_paths
from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.metrics import MetricsWriter

NAMES = {
    "brackets": "photos [2024]",
    "class of characters": "[a-z]",
    "open bracket": "a[",
    "backslash": "a\\b",
    "star": "a*",
    "question mark": "a?",
    "braces": "{a,b}",
    "quotes": 'it\'s "two"',
    "shell": "$HOME `x`; &",
    "newline": "a\nb",
    "dash": "-o",
    "hash and percent": "#1 100%s %d",
    "spaces": " a ",
    "unicode": "фото 🐘",
    "not UTF-8": os.fsdecode(b"\xff\xfe"),
    "home": "~",
    "at": "me@home",
    "address": "gs:",
    "long": "x" * 200,
}


@pytest.fixture(params=NAMES.values(), ids=NAMES)
def folder(request, tmp_path):
    path = tmp_path / request.param
    path.mkdir()
    return path


def test_a_folder_of_any_name_has_a_plain_one(folder):
    with tf_paths.plain_dir(folder) as plain:
        assert tf_paths.is_plain(plain)
        (plain / "file").write_text("here")
    assert (folder / "file").read_text() == "here"
    if plain != folder:
        assert not os.path.lexists(plain)


def test_checkpoints_are_saved_and_restored(folder):
    checkpoints.save(folder, {"weight": tf.Variable([3.0])}, 1, keep=1)
    weight = tf.Variable([0.0])
    assert checkpoints.restore(folder, {"weight": weight}) == 1
    assert float(weight[0]) == 3.0


def test_saved_models_are_loaded(folder):
    module = tf.Module()
    module.weight = tf.Variable(3.0)
    module.add = tf.function(
        lambda x: x + module.weight,
        input_signature=[tf.TensorSpec((), tf.float32)],
    )
    with tf_paths.plain_dir(folder) as plain:
        tf.saved_model.save(module, os.fspath(plain))
    loaded = tf_paths.load_saved_model(folder)
    assert float(loaded.add(1.0)) == 4.0


def test_events_are_written(folder):
    writer = MetricsWriter(folder, 0, ("d_loss",))
    writer.write(1, {"d_loss": 0.5, "elapsed_seconds": 1.0})
    writer.write_samples(1, np.zeros((4, 4, 3), np.uint8))
    writer.close()
    with tf_paths.plain_dir(folder / "logs") as plain:
        events = EventAccumulator(os.fspath(plain)).Reload()
    assert {"d_loss", "samples"} <= set(events.Tags()["tensors"])


@pytest.mark.parametrize("name", ["run?", "run*", "run[12]"])
def test_a_name_does_not_find_another_folder_that_it_matches(tmp_path, name):
    """A run `run?` without that checkpoint must not load that of `run1`."""
    for run_dir, value in (("run1", 1.0), (name, 2.0)):
        parts = {"weight": tf.Variable([value])}
        checkpoints.save(tmp_path / run_dir, parts, 5, keep=1)
    weight = tf.Variable([0.0])
    checkpoints.restore(tmp_path / name, {"weight": weight})
    assert float(weight[0]) == 2.0


@pytest.mark.parametrize("tmp_name", ["tmp [1]", os.fsdecode(b"tmp \xff")])
def test_a_folder_for_temporary_files_of_an_odd_name(
    tmp_path, tmp_name, monkeypatch
):
    odd = tmp_path / tmp_name
    odd.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", os.fspath(odd))
    with tf_paths.plain_dir(odd) as plain:
        assert tf_paths.is_plain(plain)
    monkeypatch.setattr(tf_paths, "_TMP_DIRS", ())
    with pytest.raises(OSError, match="TMPDIR"), tf_paths.plain_dir(odd):
        pass


def test_saved_models_are_loaded_through_here_alone():
    package = Path(tf_paths.__file__).parent
    loaders = {
        path.name
        for path in package.rglob("*.py")
        if "saved_model.load(" in path.read_text(encoding="utf-8")
    }
    assert loaders == {"tf_paths.py"}
