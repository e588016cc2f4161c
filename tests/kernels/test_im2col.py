"""Convolutions as matrix products beside TensorFlow's."""

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.kernels import im2col

# Sides, kernel, stride.
CASES = [
    ((4, 4), (5, 5), 2),
    ((4, 8), (3, 4), 2),
    ((6, 3), (3, 5), 3),
    ((4, 4), (3, 3), 1),
]


def draw(*shape):
    values = np.random.default_rng(len(shape)).normal(size=shape)
    return tf.constant(values, tf.float32)


def differentiate(function, maps, kernel):
    """Returns outputs and the gradients of a weighted sum of them."""
    with tf.GradientTape() as tape:
        tape.watch((maps, kernel))
        outputs = function(maps, kernel)
        loss = tf.reduce_sum(outputs * tf.cos(outputs))
    return outputs, *tape.gradient(loss, (maps, kernel))


def assert_close(got, expected):
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("sides, kernel_size, stride", CASES)
def test_convolution_and_gradients(sides, kernel_size, stride):
    maps, kernel = draw(2, *sides, 3), draw(*kernel_size, 3, 5)
    assert_close(
        differentiate(lambda m, k: im2col.convolve(m, k, stride), maps, kernel),
        differentiate(
            lambda m, k: tf.nn.conv2d(m, k, stride, "SAME"), maps, kernel
        ),
    )


@pytest.mark.parametrize("sides, kernel_size, stride", CASES)
def test_transposed_convolution_and_gradients(sides, kernel_size, stride):
    maps, kernel = draw(2, *sides, 5), draw(*kernel_size, 3, 5)
    shape = (2, sides[0] * stride, sides[1] * stride, 3)
    assert_close(
        differentiate(
            lambda m, k: im2col.convolve_transpose(m, k, stride), maps, kernel
        ),
        differentiate(
            lambda m, k: tf.nn.conv2d_transpose(m, k, shape, stride, "SAME"),
            maps,
            kernel,
        ),
    )


@pytest.mark.parametrize("sides, kernel_size, stride", CASES)
def test_filter_gradient(sides, kernel_size, stride):
    large = draw(2, *sides, 3)
    small = draw(2, sides[0] // stride, sides[1] // stride, 5)
    shape = tf.TensorShape((*kernel_size, 3, 5))
    np.testing.assert_allclose(
        im2col.compute_filter_gradient(large, small, shape, stride),
        tf.raw_ops.Conv2DBackpropFilter(
            input=large,
            filter_sizes=shape,
            out_backprop=small,
            strides=[1, stride, stride, 1],
            padding="SAME",
        ),
        atol=1e-4,
    )
