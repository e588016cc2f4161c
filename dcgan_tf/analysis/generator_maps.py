"""Computes G's feature maps, and images from scaled ones."""

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf.analysis.receptive_field import list_layers_to
from dcgan_tf.images import to_uint8

_BATCH_SIZE = 128


def find_second_highest_layer(generator: keras.Sequential) -> str:
    """Names the activations of G's second-highest convolution.

    Section 6.3.1 drops 200 maps there. In Figure 1's network the highest
    hidden convolution has 128 maps and the one below it 256, so that the
    convolution into the image isn't counted.
    """
    rectifiers = [
        layer.name
        for layer in generator.layers
        if isinstance(layer, keras.layers.ReLU)
    ]
    return rectifiers[-2]


def compute_maps(
    generator: keras.Sequential, layer_name: str, latents: np.ndarray
) -> np.ndarray:
    """Runs G up to a layer.

    Args:
        generator: Unconditional.
        layer_name: A layer whose outputs are maps.
        latents: Floats `(count, latent_dim)`.

    Returns:
        float32 `(count, map_height, map_width, filters)`.

    Raises:
        ValueError: If there is no such layer, or it has no maps.
    """
    layers = list_layers_to(generator, layer_name)
    return np.concatenate(
        [
            _run(layers, latents[start : start + _BATCH_SIZE]).numpy()
            for start in range(0, len(latents), _BATCH_SIZE)
        ]
    )


def draw_from_maps(
    generator: keras.Sequential,
    layer_name: str,
    maps: np.ndarray,
    gains: np.ndarray,
) -> np.ndarray:
    """Runs the rest of G on maps multiplied by gains.

    Args:
        generator: Unconditional.
        layer_name: The maps' layer.
        maps: From `compute_maps`.
        gains: Floats `(filters,)`, for every pixel of a map: 0 drops it.

    Returns:
        uint8 images `(count, height, width, channels)`.
    """
    rest = generator.layers[len(list_layers_to(generator, layer_name)) :]
    gains = np.asarray(gains, np.float32)
    return np.concatenate(
        [
            to_uint8(_run(rest, maps[start : start + _BATCH_SIZE] * gains))
            for start in range(0, len(maps), _BATCH_SIZE)
        ]
    )


def _run(layers: list[keras.layers.Layer], values) -> tf.Tensor:
    values = tf.convert_to_tensor(values, tf.float32)
    for layer in layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            values = layer(values, training=False)
        else:
            values = layer(values)
    return values
