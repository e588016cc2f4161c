"""What workers compare, and what each may have of its own."""

import dataclasses

import numpy as np
import pytest

from dcgan_tf.data.source import build_array_source
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.training.distribution import agreement

SETTINGS = {"image_size": (16, 16), "image_dir": "a"}


def make_source(seed=0, names="abcdefgh"):
    pixels = np.random.default_rng(seed).integers(
        0, 256, (len(names), 16, 16, 1), np.uint8
    )
    labels = np.zeros(len(names), int)
    source = build_array_source("mine", "train", pixels, labels)
    return dataclasses.replace(source, name_of=lambda i: names[i])


def describe(start=0, precision="float32", source=None, **settings):
    config = resolve_run_config({**SETTINGS, **settings})
    source = source or make_source()
    return agreement.describe_work(config, source, start, precision, None)


@pytest.fixture
def two_workers(monkeypatch):
    monkeypatch.setattr(agreement, "num_workers", lambda strategy: 2)


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"start": 1}, "the checkpoint's step"),
        ({"precision": "mixed_bfloat16"}, "precision"),
        ({"source": make_source(1)}, "the images"),
        ({"source": make_source(names="abcdefhg")}, "the images' order"),
        ({"crop": 8}, "data settings"),
        ({"flip": True}, "data settings"),
        ({"base_filters": 8}, "the networks"),
        ({"seed": 5}, "training settings"),
        ({"batch_size": 32}, "training settings"),
        ({"accumulate": 2}, "training settings"),
        ({"batch_norm": "replica"}, "training settings"),
    ],
    # The same in every process: a source's own text has addresses in it.
    ids=lambda value: "-".join(value) if isinstance(value, dict) else value,
)
def test_what_decides_the_result_is_compared(two_workers, changed, name):
    ours, theirs = describe(), describe(**changed)
    differing = {key for key in ours if repr(ours[key]) != repr(theirs[key])}
    assert differing == {name}


@pytest.mark.parametrize(
    "changed",
    [
        {"image_dir": "b"},
        {"held_out_dir": "d"},
        {"cache": "off"},
    ],
    ids=str,
)
def test_where_images_lie_is_a_workers_own(two_workers, changed):
    assert repr(describe()) == repr(describe(**changed))


def test_where_a_dataset_lies_is_a_workers_own(two_workers):
    named = {"image_dir": None, "dataset": "cifar10"}
    assert repr(describe(**named)) == repr(describe(**named, data_dir="c"))


def test_another_number_of_images_is_named(two_workers):
    ours, theirs = describe(), describe(source=make_source(names="abc"))
    assert ours["the number of images"] == 8
    assert theirs["the number of images"] == 3


def test_a_single_worker_describes_nothing(monkeypatch):
    monkeypatch.setattr(agreement, "num_workers", lambda strategy: 1)
    assert describe() == {}
