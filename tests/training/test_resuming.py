"""What is said, and what is refused, of a run that is resumed."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from dcgan_tf.data.source import build_array_source
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.runs import checkpoints, folder
from dcgan_tf.training.resuming import check_run

SETTINGS = {"image_size": (16, 16)}


def make_source(seed=0):
    images = np.random.default_rng(seed).integers(
        0, 256, (12, 16, 16, 1), np.uint8
    )
    labels = np.arange(12) % 3
    return build_array_source("mine", "train", images, labels)


@pytest.fixture
def run_dir(tmp_path, monkeypatch):
    """A run in bfloat16, said to have a checkpoint."""
    source = make_source()
    folder.save_run_config(
        tmp_path,
        resolve_run_config(SETTINGS),
        precision="mixed_bfloat16",
        images=source.fingerprint_images().to_dict(),
    )
    monkeypatch.setattr(checkpoints, "list_steps", lambda path: [3])
    return tmp_path


def check(run_dir, precision="mixed_bfloat16", seed=0, **settings):
    config = resolve_run_config({**SETTINGS, **settings})
    return check_run(run_dir, config, make_source(seed), precision)


@pytest.mark.parametrize(
    ("settings", "notes"),
    [
        ({}, []),
        ({"steps": 7}, []),  # The progress tells.
        ({"keep_checkpoints": 9}, ["keep checkpoints 9 (was "]),
        ({"cache": "off"}, ["cache off (was auto)"]),
        ({"precision": "float32"}, ["precision float32 (was mixed_bfloat16)"]),
    ],
    ids=str,
)
def test_what_changes_is_said(run_dir, settings, notes):
    precision = settings.get("precision", "mixed_bfloat16")
    found = check(run_dir, **{**settings, "precision": precision})
    assert len(found) == len(notes)
    for line, start in zip(found, notes, strict=True):
        assert line.startswith(start)


def check_start(run_dir, was, now):
    """What is said of a run that was started from `was`, where it says so."""
    record = folder.load_run_record(run_dir)
    record["training"]["init_from"] = was
    (run_dir / folder.CONFIG_FILE).write_text(json.dumps(record))
    config = resolve_run_config(SETTINGS)
    return check_run(
        run_dir, config, make_source(), "mixed_bfloat16", init_from=now
    )


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("/a@3", None),
        ("/a@3", "/a@3"),
        ("/a@3", "/a"),
        ("/a@3", "/b/../a@best"),
        ("/a@3", Path("/a")),
        (None, None),
    ],
)
def test_the_same_start_is_no_change(run_dir, was, now):
    assert check_start(run_dir, was, now) == []


@pytest.mark.parametrize("now", ["/b", "/b@3", "/a@4", Path("/b")])
def test_another_start_is_refused(run_dir, now):
    """It was passed over: the run was resumed as it was."""
    message = f"from '/a@3', not from {str(now)!r}; leave init_from out"
    with pytest.raises(ValueError, match=message):
        check_start(run_dir, "/a@3", now)


def test_a_start_that_a_run_does_not_know_is_told(run_dir):
    (note,) = check_start(run_dir, None, "/a")
    assert note.startswith("WARNING: init_from='/a' is passed over")


def test_mixed_float16_goes_with_no_other(run_dir):
    with pytest.raises(ValueError, match="precision='mixed_bfloat16'"):
        check(run_dir, precision="mixed_float16")


def test_other_images_are_refused(run_dir):
    with pytest.raises(ValueError, match="are others"):
        check(run_dir, seed=1)


def test_a_new_run_has_nothing_to_compare(run_dir, monkeypatch):
    monkeypatch.setattr(checkpoints, "list_steps", lambda path: [])
    assert check(run_dir, precision="mixed_float16", seed=1) == []


def test_a_source_that_cannot_tell_its_images_is_taken(run_dir):
    source = dataclasses.replace(make_source(1), fingerprint_images=None)
    config = resolve_run_config(SETTINGS)
    assert check_run(run_dir, config, source, "mixed_bfloat16") == []
