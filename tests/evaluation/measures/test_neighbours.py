"""Copying, seen by distances to the nearest training image."""

import tracemalloc

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from dcgan_tf.evaluation.measures.neighbours import (
    compute_copying,
    expect_memorized_fraction,
    find_nearest,
    find_suspects,
)

RNG = np.random.default_rng(0)


TRAINING, HELD_OUT, FRESH = RNG.normal(size=(3, 2_000, 4))


def test_nearest_agrees_with_all_distances():
    distances, indices = find_nearest(FRESH, TRAINING, 3)
    expected = cdist(FRESH, TRAINING)
    assert (indices == expected.argsort(1)[:, :3]).all()
    np.testing.assert_allclose(distances, np.sort(expected, 1)[:, :3])


def test_fresh_samples_are_no_nearer_than_held_out_ones():
    copying = compute_copying(FRESH, TRAINING, HELD_OUT)
    assert copying["closer_fraction"] == pytest.approx(0.5, abs=0.05)
    assert copying["memorized_fraction"] == pytest.approx(0.05, abs=0.02)


def test_copies_are_seen():
    half = np.concatenate([TRAINING[:1000] + 1e-3, FRESH[:1000]])
    copying = compute_copying(half, TRAINING, HELD_OUT)
    assert copying["memorized_fraction"] == pytest.approx(0.525, abs=0.04)
    assert copying["closer_fraction"] == pytest.approx(0.75, abs=0.04)


@pytest.mark.parametrize("contrast", [1.2, 1, 0.8, 0.5, 0.1])
@pytest.mark.parametrize("shift", [0, 0.3])
def test_nearness_by_contrast_alone_is_told(contrast, shift):
    """Of samples that copy nothing it is the whole of their nearness."""
    training, held_out, fresh = RNG.normal(size=(3, 2_000, 12))
    samples = fresh * contrast + shift
    copying = compute_copying(samples, training, held_out, are_pixels=True)
    near = copying["memorized_fraction"]
    assert copying["contrast_fraction"] == pytest.approx(near, abs=0.03)
    if contrast <= 0.5 and not shift:
        assert near > 0.4  # As if half were copies.


def test_nearness_of_copies_is_not_by_contrast():
    training, held_out = RNG.normal(size=(2, 2_000, 12))
    samples = training[:500] * 0.95
    copying = compute_copying(samples, training, held_out, are_pixels=True)
    assert copying["memorized_fraction"] > 0.9
    assert copying["contrast_fraction"] < 0.1


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_images_of_one_colour_have_a_contrast_fraction(value):
    plain = np.full((10, 4), value)
    for arguments in ((plain, TRAINING, HELD_OUT), (FRESH, plain, plain)):
        copying = compute_copying(*arguments, are_pixels=True)
        assert 0 <= copying["contrast_fraction"] <= 1


def test_copies_of_rare_images_are_more_suspect_than_plain_images():
    """Plain images are near everything: that alone is no sign."""
    plain = RNG.normal(scale=0.01, size=(500, 4))
    training = np.concatenate([TRAINING, plain])
    fakes = np.concatenate(
        [plain[:50] + RNG.normal(scale=0.01, size=(50, 4)), TRAINING[:3] + 0.01]
    )
    nearest = find_nearest(fakes, training)[0][:, 0]
    assert nearest[:50].min() < nearest[50:].min()
    assert set(find_suspects(fakes, training, 3)) == {50, 51, 52}
    assert len(find_suspects(fakes, training, 100)) == len(fakes)


@pytest.mark.parametrize("noise", [0, 1e-6], ids=["exact", "near"])
def test_copies_of_an_image_with_a_twin_are_as_suspect_as_others(noise):
    """By the twin's distance, nothing would ever be near enough."""
    twins = TRAINING[:3] + noise
    training = np.concatenate([TRAINING, twins])
    fakes = np.concatenate([FRESH[:100], TRAINING[:10] + 1e-3])
    assert set(find_suspects(fakes, training, 10)) == {*range(100, 110)}


def test_suspects_are_found_without_a_copy_of_all_pixels():
    """Of 100,000 images of 64x64 these are five gigabytes."""
    training = RNG.random((1_000, 4_000), dtype=np.float32)
    tracemalloc.start()
    try:
        find_suspects(training[:20], training, 5)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < training.nbytes / 4


def test_suspects_of_one_image_that_comes_twice_are_listed():
    training = np.zeros((2, 4))
    assert find_suspects(FRESH[:3], training, 2).shape == (2,)


def test_ties_count_half():
    copying = compute_copying(HELD_OUT, TRAINING, HELD_OUT)
    assert copying["closer_fraction"] == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize("num_held_out", [1, 4, 10, 40, 400])
def test_the_fraction_by_chance_is_that_of_fresh_images(num_held_out):
    training = np.zeros((1, 1))
    rng = np.random.default_rng(0)
    fractions = []
    for _ in range(80):
        fresh = rng.random((100 + num_held_out, 1))
        copying = compute_copying(fresh[:100], training, fresh[100:])
        fractions.append(copying["memorized_fraction"])
    expected = expect_memorized_fraction(num_held_out)
    error = np.std(fractions) / np.sqrt(len(fractions))
    assert abs(np.mean(fractions) - expected) < 3 * error
