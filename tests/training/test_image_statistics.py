"""Samples beside images, by hand-made batches."""

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.training.image_statistics import (
    SAMPLE_STATISTICS,
    compute_sample_statistics,
)

RNG = np.random.default_rng(0)
NOISE = RNG.uniform(-1, 1, (64, 8, 8, 3)).astype(np.float32)


def compare(fakes, real=NOISE):
    values = compute_sample_statistics(tf.constant(real), tf.constant(fakes))
    assert tuple(values) == SAMPLE_STATISTICS
    return [float(value) for value in values.values()]


@pytest.mark.parametrize(
    ("fakes", "expected"),
    [
        (NOISE, (1, 1, 0)),
        (NOISE / 2, (0.5, 0.5, 0.0)),
        # One colour each, but of many colours.
        (np.broadcast_to(NOISE[:, :1, :1], NOISE.shape), (0, 1, 0.1)),
        # One image again and again.
        (np.broadcast_to(NOISE[:1], NOISE.shape), (1, 0, 0.58)),
        (np.ones_like(NOISE), (0, 0, 1)),
    ],
)
def test_each_statistic_tells_one_thing(fakes, expected):
    assert compare(fakes.astype(np.float32)) == pytest.approx(
        expected, abs=0.07
    )


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16, tf.float16])
def test_blank_images_and_single_ones_are_nothing_odd(count, dtype):
    """A folder of one colour, and a replica with one image."""
    blank = tf.fill((count, 8, 8, 1), tf.constant(-1, dtype))
    assert compare(blank, blank) == [1, 1, 0]
    single = tf.cast(NOISE[:1], dtype)
    assert compare(single, single) == pytest.approx([1, 1, 0])
