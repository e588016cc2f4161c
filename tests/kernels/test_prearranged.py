"""The transposed convolution whose kernel is arranged once."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.kernels import layers
from dcgan_tf.kernels.prearranged import PrearrangedTranspose, can_prearrange


def build(side=4, filters=5, stride=2, **arguments):
    """Returns a built layer, in a network so that it knows its input."""
    arguments = {"use_bias": False, "padding": "same", **arguments}
    layer = layers.Conv2DTranspose(filters, 5, stride, **arguments)
    keras.Sequential([keras.Input((side, side, 6)), layer])
    return layer


@pytest.mark.parametrize(
    "layer, expected",
    [
        (lambda: build(), True),
        (lambda: build(side=5), False),
        (lambda: build(side=5, filters=4), True),
        (lambda: build(side=5, filters=4, stride=1), False),
        (lambda: build(use_bias=True), False),
        (lambda: build(filters=3, use_bias=True), False),
        (lambda: layers.Conv2D(3, 5), False),
    ],
)
def test_what_can_be_prearranged(layer, expected):
    assert can_prearrange(layer()) == expected


@pytest.mark.parametrize(
    "side, filters, stride",
    [(4, 5, 2), (4, 5, 1), (4, 3, 2), (6, 1, 2), (6, 4, 3)],
)
def test_outputs_are_the_layers_and_weights_are_copied(side, filters, stride):
    layer = build(side, filters, stride)
    copy = PrearrangedTranspose(layer)
    shape = (3, side, side, 6)
    maps = tf.random.stateless_normal(shape, (0, 0))
    expected = layer(maps).numpy()
    np.testing.assert_allclose(copy(maps), expected, atol=1e-5)
    assert copy.compute_output_shape(shape) == expected.shape
    if filters > 4 or stride == 1:  # Nothing is padded with zeros.
        assert copy.count_params() == layer.count_params()
    assert copy.name == layer.name and not copy.trainable_weights
    layer.kernel.assign(2.0 * layer.kernel)
    np.testing.assert_allclose(copy(maps), expected, atol=1e-5)
