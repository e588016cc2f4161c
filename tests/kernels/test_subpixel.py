"""A transposed convolution's phases, and all of them at once."""

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.kernels import subpixel


@pytest.mark.parametrize(
    "kernel_size, stride, expected",
    [
        (5, 2, [([1, 3], [0, -1]), ([0, 2, 4], [1, 0, -1])]),
        (4, 2, [([1, 3], [0, -1]), ([0, 2], [1, 0])]),
        (3, 1, [([0, 1, 2], [1, 0, -1])]),
        (3, 3, [([0], [0]), ([1], [0]), ([2], [0])]),
    ],
)
def test_phases_by_hand(kernel_size, stride, expected):
    phases = subpixel.list_phases(kernel_size, stride)
    assert [(t.tolist(), s.tolist()) for t, s in phases] == expected


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel_size", range(3, 8))
def test_each_tap_adds_once_where_tensorflow_adds_it(kernel_size, stride):
    """A transposed convolution in one dimension, from its phases alone."""
    rng = np.random.default_rng(0)
    inputs, kernel = rng.normal(size=6), rng.normal(size=kernel_size)
    expected = tf.nn.conv2d_transpose(
        inputs.reshape(1, 6, 1, 1),
        kernel.reshape(-1, 1, 1, 1),
        (1, 6 * stride, 1, 1),
        (stride, 1),
        "SAME",
    )
    outputs = np.zeros((6, stride))
    for phase, (taps, shifts) in enumerate(
        subpixel.list_phases(kernel_size, stride)
    ):
        for tap, shift in zip(taps, shifts, strict=True):
            for place in range(6):
                if 0 <= place + shift < 6:
                    outputs[place, phase] += inputs[place + shift] * kernel[tap]
    np.testing.assert_allclose(outputs.ravel(), np.ravel(expected))


@pytest.mark.parametrize("stride", [2, 3])
@pytest.mark.parametrize("kernel_size", [(3, 3), (4, 5), (5, 5)])
def test_all_pixels_at_once_are_tensorflows(kernel_size, stride):
    rng = np.random.default_rng(0)
    maps = tf.constant(rng.normal(size=(2, 5, 4, 6)), tf.float32)
    kernel = tf.constant(rng.normal(size=(*kernel_size, 3, 6)), tf.float32)
    np.testing.assert_allclose(
        subpixel.convolve_transpose(maps, kernel, stride),
        tf.nn.conv2d_transpose(
            maps, kernel, (2, 5 * stride, 4 * stride, 3), stride, "SAME"
        ),
        atol=1e-4,
    )
