"""Differentiable augmentation: what it changes, and its gradient."""

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.training import diff_augment
from dcgan_tf.training.diff_augment import augment

SEED = (3, 4)


def make_images(batch=64, height=16, width=24, channels=3):
    rng = np.random.default_rng(0)
    return tf.constant(
        rng.uniform(-1, 1, (batch, height, width, channels)), tf.float32
    )


def test_same_seed_same_changes_eagerly_and_in_a_graph():
    images = make_images()
    once = augment(images, SEED)
    np.testing.assert_array_equal(once, augment(images, SEED))
    in_graph = tf.function(augment)(images, tf.constant(SEED))
    np.testing.assert_allclose(once, in_graph, atol=1e-5)
    assert np.abs(once - augment(images, (3, 5))).max() > 0.1


def test_images_of_a_batch_change_differently():
    images = tf.repeat(make_images(batch=1), 8, axis=0)
    changed = augment(images, SEED).numpy().reshape(8, -1)
    assert len(np.unique(changed, axis=0)) == 8


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16])
def test_keeps_shape_and_dtype(channels, dtype):
    images = tf.cast(make_images(4, channels=channels), dtype)
    changed = augment(images, SEED)
    assert changed.shape == images.shape
    assert changed.dtype == dtype


def test_translation_moves_by_up_to_an_eighth_and_uncovers_zeros():
    images = make_images().numpy() + 2.0  # Never 0, so that zeros are new.
    keys = tf.random.split(SEED, 2, alg="philox")
    moved = diff_augment._translate(tf.constant(images), keys).numpy()
    shifts = set()
    for image, result in zip(images, moved, strict=True):
        found = [
            (dy, dx)
            for dy in range(-2, 3)
            for dx in range(-3, 4)
            if np.array_equal(result, shift_by_hand(image, dy, dx))
        ]
        assert len(found) == 1
        shifts.update(found)
    assert {dy for dy, _ in shifts} == set(range(-2, 3))
    assert {dx for _, dx in shifts} == set(range(-3, 4))


def shift_by_hand(image, dy, dx):
    result = np.zeros_like(image)
    height, width, _ = image.shape
    for y in range(height):
        for x in range(width):
            if 0 <= y + dy < height and 0 <= x + dx < width:
                result[y, x] = image[y + dy, x + dx]
    return result


def test_cutout_zeroes_a_rectangle_of_half_the_sides():
    images = make_images() + 2.0
    keys = tf.random.split(SEED, 2, alg="philox")
    is_cut = (diff_augment._cut_out(images, keys) == 0).numpy().all(-1)
    for mask in is_cut:
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        assert mask.sum() == len(rows) * len(columns)
        assert 4 <= len(rows) <= 8 and 6 <= len(columns) <= 12
        assert np.ptp(rows) == len(rows) - 1
    assert is_cut[:, 0].any() and is_cut[:, -1].any()


def test_colour_stays_in_the_papers_ranges():
    # One bright and one dark half: contrast is their distance.
    image = np.full((1, 16, 16, 3), -0.5, np.float32)
    image[:, :8] = 0.5
    images = tf.constant(np.repeat(image, 500, axis=0))
    keys = tf.random.split(SEED, 3, alg="philox")
    changed = diff_augment._change_colour(images, keys).numpy()
    means = changed.mean((1, 2, 3))
    contrasts = (changed[:, 0] - changed[:, -1]).mean((1, 2))
    assert -0.5 <= means.min() < -0.45 and 0.45 < means.max() <= 0.5
    assert 0.5 <= contrasts.min() < 0.55 and 1.45 < contrasts.max() <= 1.5


def test_saturation_of_grey_is_nothing_and_of_colour_is_up_to_double():
    image = tf.constant([[[[0.6, 0.0, 0.0]]]] * 500)
    image = tf.tile(image, (1, 16, 16, 1))
    keys = tf.random.split(SEED, 3, alg="philox")
    changed = diff_augment._change_colour(image, keys).numpy()
    spread = changed[..., 0] - changed[..., 1]
    assert 0 <= spread.min() < 0.05
    assert 0.6 < spread.max() <= 0.6 * 2 * 1.5


def test_gradient_is_the_exact_one():
    images = make_images(batch=2, height=8, width=8)
    direction = make_images(batch=2, height=8, width=8) * 0.1
    weights = tf.constant(
        np.random.default_rng(1).normal(size=images.shape), tf.float32
    )
    with tf.GradientTape() as tape:
        tape.watch(images)
        loss = tf.reduce_sum(weights * augment(images, SEED))
    gradient = tape.gradient(loss, images)
    slope = tf.reduce_sum(
        weights * (augment(images + direction, SEED) - augment(images, SEED))
    )
    # The changes are affine, so that one step of any length is exact.
    np.testing.assert_allclose(
        tf.reduce_sum(gradient * direction), slope, rtol=1e-3
    )


@pytest.mark.parametrize(
    "probability, low, high", [(0.0, 0, 0), (0.3, 5, 34), (1.0, 64, 64)]
)
def test_images_are_changed_with_a_probability(probability, low, high):
    """Of 64, each of the kinds of changes about that many times."""
    images = make_images()
    changed = augment(images, SEED, tf.constant(probability))
    if probability == 1:
        np.testing.assert_array_equal(changed, augment(images, SEED))
    counts = [
        np.sum(diff_augment._draw_chosen(images, SEED, kind, probability))
        for kind in range(3)
    ]
    assert all(low <= count <= high for count in counts)
    assert probability in (0, 1) or len(set(counts)) > 1
    # Up to rounding, what isn't chosen is as it was.
    is_same = np.abs(changed - images).max(axis=(1, 2, 3)) < 1e-5
    assert max(counts) <= np.sum(~is_same) <= sum(counts)


@pytest.mark.parametrize(
    "signs, expected",
    [
        ([1.0] * 4, 0.04),
        ([1.0] * 8, 0.08),
        ([1.0] * 3, 0.0),
        ([1.0] * 4 + [-1.0] * 8, 0.0),  # Not below 0.
        ([1.0, 1.0, 1.0, -0.7], 0.0),  # A mean of 0.575.
        ([1.0, 1.0, 1.0, -0.5], 0.04),  # A mean of 0.625.
    ],
)
def test_the_probability_follows_the_sign_of_logits(signs, expected):
    adaptive = diff_augment.AdaptiveProbability()
    for step, sign in enumerate(signs, start=1):
        step = tf.constant(step, tf.int64)
        adaptive.adapt(tf.constant(sign), step, batch_size=1_000, target=0.6)
    assert adaptive.probability.numpy() == pytest.approx(expected, abs=1e-6)
