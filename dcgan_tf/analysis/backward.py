"""Projects a layer's units back to pixels, with a given rule at ReLUs.

Gradients, guided backpropagation and the deconvnet go through convolutions
and batch norm alike, as their transposes; they differ only in what passes a
rectifier on the way down (Springenberg et al., 2015, arXiv 1412.6806,
Figure 1).
"""

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf.analysis.layers import list_layers_to

# From the signal that comes down, the rectifier's input, and its slope below
# zero, to the signal that is passed down.
Rule = Callable[[tf.Tensor, tf.Tensor, float], tf.Tensor]

_BATCH_SIZE = 64


def project_units(
    model: keras.Sequential,
    layer_name: str,
    images: np.ndarray,
    units: Sequence[tuple[int, int, int]],
    rule: Rule,
) -> np.ndarray:
    """Projects one unit's activation to the pixels of each image.

    Args:
        model: Of images in `[-1, 1]`.
        layer_name: The units' layer, with maps for output.
        images: float32 `(count, height, width, channels)`.
        units: `(row, column, filter)` for each image.
        rule: What passes a rectifier.

    Returns:
        float32 `(count, height, width, channels)`: the signal at the pixels,
        for a signal of 1 at the unit.
    """
    layers = list_layers_to(model, layer_name)
    signals = []
    for start in range(0, len(images), _BATCH_SIZE):
        stop = start + _BATCH_SIZE
        batch = tf.convert_to_tensor(images[start:stop])
        index = np.asarray(units[start:stop])
        with tf.GradientTape() as tape:
            tape.watch(batch)
            values = batch
            for layer in layers:
                values = _call_with_rule(layer, values, rule)
            chosen = tf.gather_nd(values, index, batch_dims=1)
        signals.append(tape.gradient(chosen, batch).numpy())
    return np.concatenate(signals)


def _call_with_rule(layer, values: tf.Tensor, rule: Rule) -> tf.Tensor:
    slope = _negative_slope(layer)
    if slope is None:
        return layer(values, training=False)

    @tf.custom_gradient
    def rectify(inputs):
        return layer(inputs), lambda signal: rule(signal, inputs, slope)

    return rectify(values)


def _negative_slope(layer: keras.layers.Layer) -> float | None:
    """A rectifier's slope below zero; None for other layers."""
    if isinstance(layer, keras.layers.LeakyReLU | keras.layers.ReLU):
        return float(layer.negative_slope)
    return None
