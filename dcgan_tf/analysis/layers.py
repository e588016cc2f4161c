"""A network's layers by name, and its feature maps at one of them."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

# Image, row, column, filter.
_MAP_AXES = 4

_BATCH_SIZE = 64


def list_layers_to(
    model: keras.Sequential, layer_name: str
) -> list[keras.layers.Layer]:
    """Returns a model's layers up to a named one, it included.

    Raises:
        ValueError: If there is no such layer, or its outputs are no maps.
    """
    names = [layer.name for layer in model.layers]
    if layer_name not in names:
        raise ValueError(
            f"{model.name} has no layer {layer_name!r}; it has "
            f"{', '.join(names)}"
        )
    layers = model.layers[: names.index(layer_name) + 1]
    if len(layers[-1].output.shape) != _MAP_AXES:
        have_maps = [
            layer.name
            for layer in model.layers
            if len(layer.output.shape) == _MAP_AXES
        ]
        raise ValueError(
            f"layer {layer_name!r} of {model.name} has outputs of shape "
            f"{tuple(layers[-1].output.shape[1:])}, no feature maps; use one "
            f"of {', '.join(have_maps)}"
        )
    return layers


def find_last_convolution(discriminator: keras.Sequential) -> str:
    """Names the activations of D's last convolution."""
    rectifiers = [
        layer.name
        for layer in discriminator.layers
        if isinstance(layer, keras.layers.LeakyReLU)
    ]
    return rectifiers[-1]


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
    model: keras.Sequential, layer_name: str, inputs: np.ndarray
) -> np.ndarray:
    """Runs an unconditional network up to a layer.

    Args:
        model: G, or D.
        layer_name: A layer whose outputs are maps.
        inputs: Floats, latents `(count, latent_dim)` or images `(count,
            height, width, channels)` in `[-1, 1]`.

    Returns:
        float32 `(count, map_height, map_width, filters)`.

    Raises:
        ValueError: If there is no such layer, or it has no maps.
    """
    return run_layers(list_layers_to(model, layer_name), inputs)


def run_layers(
    layers: Sequence[keras.layers.Layer],
    values: np.ndarray,
    gains: np.ndarray | None = None,
) -> np.ndarray:
    """Runs layers one after the other, with their final statistics.

    Args:
        layers: Each takes what the one before gives.
        values: Floats `(count, ...)` for the first, one or more.
        gains: What a batch of them is multiplied by first, floats of the
            last axes' shape; None for nothing.

    Returns:
        float32 `(count, ...)`.
    """
    batches = []
    for start in range(0, len(values), _BATCH_SIZE):
        chunk = values[start : start + _BATCH_SIZE]
        batch = tf.convert_to_tensor(chunk, tf.float32)
        if gains is not None:
            batch *= tf.cast(gains, tf.float32)
        for layer in layers:
            batch = layer(batch, training=False)
        batches.append(batch.numpy())
    return np.concatenate(batches)
