"""Receptive fields against what gradients reach."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.analysis.layers import find_last_convolution
from dcgan_tf.analysis.receptive_field import (
    compute_receptive_field,
    find_middle_unit,
)
from dcgan_tf.config import ModelConfig
from dcgan_tf.models.discriminator import build_discriminator


def find_reach(model, layer_name, row, column):
    """The box of pixels that move a unit, by gradients of positive kernels."""
    target = keras.Model(model.inputs, model.get_layer(layer_name).output)
    image = tf.zeros((1, *model.input_shape[1:]))
    with tf.GradientTape() as tape:
        tape.watch(image)
        unit = target(image, training=False)[0, row, column, 0]
    reached = np.any(tape.gradient(unit, image)[0].numpy() != 0, axis=-1)
    rows, columns = np.nonzero(reached.any(1))[0], np.nonzero(reached.any(0))[0]
    return rows[0], columns[0], rows[-1] + 1, columns[-1] + 1


@pytest.mark.parametrize(
    "image_size, kernel_size, convs_per_scale",
    [((32, 32), 5, 1), ((24, 40), 3, 2), ((16, 20), 4, 1)],
)
def test_agrees_with_brute_force(image_size, kernel_size, convs_per_scale):
    config = ModelConfig(
        image_size, 1, 4, 1, kernel_size, convs_per_scale=convs_per_scale
    )
    model = build_discriminator(config)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            layer.set_weights([np.ones_like(w) for w in layer.get_weights()])
    name = find_last_convolution(model)
    field = compute_receptive_field(model, name)
    map_height, map_width = model.get_layer(name).output.shape[1:3]
    for row, column in (
        (0, 0),
        (map_height // 2, map_width // 2),
        (map_height - 1, map_width - 1),
    ):
        top, left, bottom, right = field.box(row, column)
        expected = find_reach(model, name, row, column)
        height, width = image_size
        clipped = (
            max(top, 0),
            max(left, 0),
            min(bottom, height),
            min(right, width),
        )
        assert clipped == expected


def test_valid_padding_by_hand():
    model = keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            keras.layers.Conv2D(1, 3),
            keras.layers.Conv2D(1, 4, strides=2, name="second"),
        ]
    )
    field = compute_receptive_field(model, "second")
    assert (field.size, field.stride, field.start) == ((6, 6), (2, 2), (0, 0))
    assert field.box(1, 3) == (2, 6, 8, 12)


@pytest.mark.parametrize("layer", ["conv_1", "conv_2", "conv_3"])
def test_middle_unit_sees_the_middle(trained, layer):
    network = trained.discriminator
    row, column = find_middle_unit(network, layer)
    field = compute_receptive_field(network, layer)
    top, left, bottom, right = field.box(row, column)
    assert abs(top + bottom - 32) / 2 <= 1
    assert abs(left + right - 32) / 2 <= 1


def test_refuses_other_layers(trained):
    with pytest.raises(ValueError, match="no feature maps; use one of conv_1"):
        compute_receptive_field(trained.discriminator, "flatten")
    with pytest.raises(ValueError, match="no layer 'conv_9'; it has conv_1"):
        compute_receptive_field(trained.discriminator, "conv_9")
