"""Walks through latents: legs, evenness, the animation."""

import math

import keras
import numpy as np
import pytest

from dcgan_tf.analysis.walk import (
    Smoothness,
    draw_walk,
    measure_smoothness,
    walk_latents,
)


def test_legs_join_and_return():
    anchors = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]], np.float32)
    legs = walk_latents(anchors, 4)
    assert legs.shape == (3, 5, 2)
    np.testing.assert_array_equal(legs[:, 0], anchors)
    np.testing.assert_array_equal(legs[:, -1], anchors[[1, 2, 0]])
    np.testing.assert_allclose(legs[0, 1], [0.25, 0])


def test_a_jump_is_seen():
    """Pixels: one follows the latent evenly, one is a step at 0.25."""
    step = keras.layers.Lambda(
        lambda z: keras.ops.stack(
            [z[:, 0] / 4, keras.ops.sign(z[:, 0] - 0.25)], axis=1
        )
    )
    generator = keras.Sequential(
        [keras.Input((1,)), step, keras.layers.Reshape((1, 2, 1))]
    )
    jumping = measure_smoothness(generator, np.array([[-0.9], [0.9]]))
    even = measure_smoothness(generator, np.array([[-0.9], [0.2]]))
    assert jumping.ratio > 50
    assert even.ratio < 3
    # From 1.5 black to white, on one of two pixels.
    assert jumping.largest == pytest.approx(255 / np.sqrt(2), rel=0.02)


@pytest.mark.parametrize(
    ("median", "largest", "ratio", "shown"),
    [
        (2.0, 5.0, 2.5, "2.50"),
        (0.0, 0.0, 1.0, "1.00"),
        (0.0, 3.0, math.inf, "infinite (most of the walk stands still)"),
    ],
)
def test_a_walk_that_stands_still_has_a_ratio(median, largest, ratio, shown):
    smoothness = Smoothness(median, largest)
    assert smoothness.ratio == ratio and str(smoothness) == shown


def test_the_animation_is_a_round_trip(trained):
    sheet, frames, smoothness = draw_walk(trained)
    assert sheet.ndim == 3 and sheet.shape[-1] == 3
    assert len(frames) == 9 * 12
    # Twelve frames on, every tile shows what the next one showed.
    first, later = frames[0], frames[12]
    side, step, left = 96, 102, 24
    one = later[:, left : left + side]
    next_one = first[:, left + step : left + step + side]
    filled = (next_one != 255).any((1, 2))
    top = next(
        y for y in range(len(first)) if filled[y : y + side].all() and filled[y]
    )
    tile = slice(top, top + side)
    np.testing.assert_array_equal(one[tile], next_one[tile])
    assert (first[tile] != later[tile]).any()
    assert smoothness.ratio >= 1
