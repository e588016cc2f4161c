"""Which convolutions are replaced, and the filter gradient over a batch.

`test_layers` compares outputs and gradients with Keras's.
"""

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.kernels import convolutions, im2col


@pytest.mark.parametrize(
    "shape, kernel_size, stride, dtype, expected",
    [
        ((None, 8, 8, 3), (5, 5), 2, tf.float32, True),
        ((None, 8, 8, 3), (5, 5), 2, tf.bfloat16, True),
        ((None, 8, 8, 3), (5, 5), 2, tf.float16, False),
        ((None, 8, 8, 3), (5, 5), 2, tf.float64, False),
        ((None, 9, 8, 3), (5, 5), 2, tf.float32, False),
        ((None, None, 8, 3), (5, 5), 2, tf.float32, False),
        ((None, 8, 8, 3), (5, 1), 2, tf.float32, False),
    ],
)
def test_what_can_be_convolved(
    shape, kernel_size, stride, dtype, expected, monkeypatch
):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    can = convolutions.can_convolve(
        tf.TensorShape(shape), kernel_size, stride, dtype
    )
    assert can == expected


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel_size", [(3, 3), (4, 5)])
def test_filter_gradient_over_the_batch_is_tensorflows(kernel_size, stride):
    rng = np.random.default_rng(0)
    large = tf.constant(rng.normal(size=(3, 8, 4, 2)), tf.float32)
    small = tf.constant(
        rng.normal(size=(3, 8 // stride, 4 // stride, 5)), tf.float32
    )
    shape = tf.TensorShape((*kernel_size, 2, 5))
    np.testing.assert_allclose(
        convolutions.compute_filter_gradient_over_batch(
            large, small, shape, stride
        ),
        tf.raw_ops.Conv2DBackpropFilter(
            input=large,
            filter_sizes=shape,
            out_backprop=small,
            strides=[1, stride, stride, 1],
            padding="SAME",
        ),
        atol=1e-4,
    )


def differentiate_twice(function, maps, kernel):
    """Returns a function of the input's gradient, and its own gradients."""
    with tf.GradientTape() as outer:
        outer.watch((maps, kernel))
        with tf.GradientTape() as inner:
            inner.watch(maps)
            loss = tf.reduce_sum(tf.sin(function(maps, kernel)))
        gradient = inner.gradient(loss, maps)
        squares = tf.reduce_sum(gradient**2)
    return squares, *outer.gradient(squares, (maps, kernel))


@pytest.mark.parametrize("is_transposed", [False, True])
@pytest.mark.parametrize(
    ("module", "options"),
    [
        (convolutions, {"is_training": True}),
        (convolutions, {"is_training": False}),
        (im2col, {}),
    ],
)
@pytest.mark.parametrize("channels", [3, 6])  # An image's, and a map's.
def test_gradients_of_gradients_are_tensorflows(
    channels, module, options, is_transposed
):
    rng = np.random.default_rng(0)
    kernel = tf.constant(rng.normal(size=(5, 5, channels, 5)), tf.float32)
    shape = (2, 4, 4, 5) if is_transposed else (2, 8, 8, channels)
    maps = tf.constant(rng.normal(size=shape), tf.float32)

    def convolve_plainly(maps, kernel):
        if is_transposed:
            shape = (2, 8, 8, channels)
            return tf.nn.conv2d_transpose(maps, kernel, shape, 2, "SAME")
        return tf.nn.conv2d(maps, kernel, 2, "SAME")

    name = "convolve_transpose" if is_transposed else "convolve"

    def convolve(maps, kernel):
        return getattr(module, name)(maps, kernel, 2, **options)

    expected = differentiate_twice(convolve_plainly, maps, kernel)
    found = tf.function(differentiate_twice)(convolve, maps, kernel)
    for one, other in zip(found, expected, strict=True):
        error = np.abs(one - other).max() / np.abs(other).max()
        assert error < 1e-4


@pytest.mark.parametrize("is_transposed", [False, True])
def test_gradients_of_gradients_keep_their_shapes_in_loops(is_transposed):
    """As of a penalty on D of images and labels, its batch in parts."""
    rng = np.random.default_rng(0)
    kernel = tf.constant(rng.normal(size=(5, 5, 6, 5)), tf.float32)
    wide = (3, 4, 4, 4) if is_transposed else (3, 8, 8, 5)
    images = tf.constant(rng.normal(size=wide), tf.float32)
    name = "convolve_transpose" if is_transposed else "convolve"

    def convolve(maps, kernel):
        planes = tf.ones_like(maps[..., :1])
        joined = tf.concat([maps, planes], -1)
        return getattr(convolutions, name)(joined, kernel, 2, is_training=True)

    @tf.function(input_signature=[tf.TensorSpec((None, *wide[1:]))])
    def compute_in_parts(images):
        def add_next(index, total):
            part = images[index::3]
            *_, gradient = differentiate_twice(convolve, part, kernel)
            return index + 1, total + gradient

        start = (0, tf.zeros(kernel.shape))
        return tf.while_loop(lambda index, _: index < 3, add_next, start)[1]

    *_, expected = differentiate_twice(convolve, images, kernel)
    found = compute_in_parts(images)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-2)
