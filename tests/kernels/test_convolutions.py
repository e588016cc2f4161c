"""Which convolutions are replaced, and the filter gradient over a batch.

`test_layers` compares outputs and gradients with Keras's.
"""

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.kernels import convolutions


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
