"""The transposed convolution whose kernel is arranged once."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.kernels import layers
from dcgan_tf.kernels.prearranged import PrearrangedTranspose, can_prearrange


def build(side=4, **arguments):
    """Returns a built layer, in a network so that it knows its input."""
    arguments = {"use_bias": False, "padding": "same", **arguments}
    layer = layers.Conv2DTranspose(3, 5, 2, **arguments)
    keras.Sequential([keras.Input((side, side, 6)), layer])
    return layer


@pytest.mark.parametrize(
    "layer, expected",
    [
        (lambda: build(), True),
        (lambda: build(side=5), False),
        (lambda: build(use_bias=True), False),
        (lambda: layers.Conv2D(3, 5), False),
    ],
)
def test_what_can_be_prearranged(layer, expected):
    assert can_prearrange(layer()) == expected


def test_outputs_are_the_layers_and_weights_are_copied():
    layer = build()
    copy = PrearrangedTranspose(layer)
    maps = tf.random.stateless_normal((3, 4, 4, 6), (0, 0))
    expected = layer(maps).numpy()
    np.testing.assert_allclose(copy(maps), expected, atol=1e-5)
    assert copy.compute_output_shape((3, 4, 4, 6)) == expected.shape
    assert copy.count_params() == layer.count_params()
    assert copy.name == layer.name and not copy.trainable_weights
    layer.kernel.assign(2.0 * layer.kernel)
    np.testing.assert_allclose(copy(maps), expected, atol=1e-5)
