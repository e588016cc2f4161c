"""Draws images from scaled feature maps of the generator."""

import keras
import numpy as np

from dcgan_tf.analysis.layers import list_layers_to, run_layers
from dcgan_tf.images import to_uint8


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
    return to_uint8(run_layers(rest, maps, gains)).numpy()
