"""Sets of images compared: the same, more, fewer, others."""

import json
import random

import numpy as np
import pytest

from dcgan_tf.config import DataConfig
from dcgan_tf.data.fingerprint import (
    ImagesFingerprint,
    compare_fingerprints,
    fingerprint_arrays,
    fingerprint_hashes,
    fingerprint_named,
)
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.source import build_array_source

GENERATOR = random.Random(1)
HASHES = [GENERATOR.getrandbits(64) for _ in range(60_000)]
FEW, MANY = 40, 20_000


def select(start, end):
    return fingerprint_hashes(HASHES[start:end])


def record(start, end):
    return ImagesFingerprint.from_dict(select(start, end).to_dict())


@pytest.mark.parametrize(
    ("old", "new", "is_same", "is_other", "num_lost"),
    [
        ((0, FEW), (0, FEW), True, False, 0),
        ((0, FEW), (0, FEW + 1), False, False, 0),
        ((0, FEW), (0, FEW - 1), False, False, 1),
        ((0, FEW), (0, 10), False, False, 30),
        ((0, 10), (0, FEW), False, False, 0),
        ((0, FEW), (FEW, 2 * FEW), False, True, FEW),
        ((0, 1), (1, 2), False, True, 1),
        ((0, FEW), (5, FEW + 5), False, False, 5),
        # Many more than a sample holds.
        ((0, MANY), (0, MANY + 1), False, False, 0),
        ((0, MANY), (0, 3 * MANY), False, False, 0),
        ((0, MANY), (0, MANY - 1), False, False, 1),
        ((0, MANY), (0, MANY // 4), False, False, MANY * 3 // 4),
        ((0, MANY), (MANY, 2 * MANY), False, True, MANY),
        ((0, FEW), (0, MANY), False, False, 0),
        ((0, MANY), (0, FEW), False, False, MANY - FEW),
        ((0, FEW), (FEW, MANY), False, True, FEW),
    ],
)
def test_what_became_of_a_set(old, new, is_same, is_other, num_lost):
    change = compare_fingerprints(record(*old), select(*new))
    assert (change.is_same, change.is_other) == (is_same, is_other)
    assert change.num_lost == num_lost


def test_a_loss_hidden_by_as_many_new_ones_is_estimated():
    change = compare_fingerprints(
        record(0, MANY), select(MANY // 4, 5 * MANY // 4)
    )
    assert not change.is_other
    assert MANY // 8 < change.num_lost < MANY // 2


def test_order_does_not_matter_and_json_keeps_it():
    fingerprint = fingerprint_hashes(HASHES[:MANY])
    assert fingerprint_hashes(HASHES[:MANY][::-1]) == fingerprint
    text = json.dumps(fingerprint.to_dict())
    assert len(text) < 2_000
    assert ImagesFingerprint.from_dict(json.loads(text)) == fingerprint


@pytest.mark.parametrize(
    "values", [{}, {"count": 1, "digest": "x", "sample": "é"}]
)
def test_a_damaged_record_is_named(values):
    with pytest.raises(ValueError, match="not a fingerprint"):
        ImagesFingerprint.from_dict(values)


@pytest.mark.parametrize(
    ("old", "new", "is_other", "num_lost"),
    [
        (("mnist/3 train", 9), ("mnist/3 train", 9), False, 0),
        (("mnist/3 train", 9), ("mnist/3 train", 7), False, 2),
        (("mnist/3 train", 9), ("mnist/4 train", 9), True, 9),
    ],
)
def test_datasets_known_by_name(old, new, is_other, num_lost):
    change = compare_fingerprints(
        fingerprint_named(*old), fingerprint_named(*new)
    )
    assert (change.is_other, change.num_lost) == (is_other, num_lost)


def test_arrays_are_known_by_their_pixels():
    images = np.random.default_rng(0).integers(0, 256, (9, 4, 4, 3), np.uint8)
    source = build_array_source("x", "train", images, np.zeros(9))
    same = build_array_source("y", "all", images[::-1].copy(), np.zeros(9))
    assert source.fingerprint_images() == same.fingerprint_images()
    assert source.fingerprint_images() != fingerprint_arrays(images + 1)


def test_embedded_datasets_tell_splits_apart():
    data = DataConfig()
    train, test = (
        load_source(data, s).fingerprint_images() for s in (None, "test")
    )
    assert (train.count, test.count) == (4_000, 1_000)
    assert compare_fingerprints(train, test).is_other
