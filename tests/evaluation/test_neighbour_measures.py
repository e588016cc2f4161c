"""Copying, and classification by generated neighbours."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from dcgan_tf.evaluation.neighbours import compute_copying, find_nearest
from dcgan_tf.evaluation.one_nn import compute_one_nn_error

RNG = np.random.default_rng(0)
TRAINING, HELD_OUT, FRESH = RNG.normal(size=(3, 2_000, 4))


def test_nearest_agrees_with_all_distances():
    distances, indices = find_nearest(FRESH, TRAINING, 3)
    expected = cdist(FRESH, TRAINING)
    assert (indices == expected.argsort(1)[:, :3]).all()
    np.testing.assert_allclose(distances, np.sort(expected, 1)[:, :3])


def test_fresh_samples_are_no_nearer_than_held_out_ones():
    copying = compute_copying(FRESH, TRAINING, HELD_OUT)
    assert copying["closer_share"] == pytest.approx(0.5, abs=0.05)
    assert copying["near_share"] == pytest.approx(0.05, abs=0.02)


def test_copies_are_seen():
    half = np.concatenate([TRAINING[:1000] + 1e-3, FRESH[:1000]])
    copying = compute_copying(half, TRAINING, HELD_OUT)
    assert copying["near_share"] == pytest.approx(0.525, abs=0.04)
    assert copying["closer_share"] == pytest.approx(0.75, abs=0.04)


def test_ties_count_half():
    copying = compute_copying(HELD_OUT, TRAINING, HELD_OUT)
    assert copying["closer_share"] == pytest.approx(0.5, abs=1e-12)


def test_one_nn_error_counts_wrong_labels():
    fit = np.array([[[0]], [[10]]], np.uint8)
    test = np.array([[[1]], [[2]], [[9]], [[250]]], np.uint8)
    # uint8 differences wrap around: 1 - 10 would be 247.
    assert compute_one_nn_error(fit, [0, 1], test, [0, 1, 1, 1]) == 0.25
