"""Activations projected back to pixels through the transposed network.

The method of Zeiler & Fergus (2014, arXiv 1311.2901, Section 2.1), whose
network pools by maxima: the positions of the maxima, its "switches", carry
the image on the way down. Strided convolutions have none. What is left is
linear but for the rectifiers, which look at the signal alone, so that a
unit's projection depends on its filter and place and on nothing in the
image: the same pattern for every one that excites it. (Guided
backpropagation does depend on the image.)
"""

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf.analysis.backward import project_units
from dcgan_tf.analysis.maximal_activations import (
    cut_patches,
    cut_window,
    find_maximal_activations,
)
from dcgan_tf.analysis.receptive_field import (
    compute_receptive_field,
    find_middle_unit,
)
from dcgan_tf.analysis.samples import describe_origin
from dcgan_tf.analysis.sheet import Panel, as_grid, draw_sheet
from dcgan_tf.analysis.signals import signal_to_uint8
from dcgan_tf.runs.trained_model import TrainedModel


def compute_deconvnet(
    model: keras.Sequential,
    layer_name: str,
    images: np.ndarray,
    units: list[tuple[int, int, int]],
) -> np.ndarray:
    """Projects units to pixels: transposed convolutions, ReLU on the way.

    Batch norm is inverted as the scaling that it is at inference.

    Args:
        model: Of images in `[-1, 1]`.
        layer_name: The units' layer.
        images: float32 `(count, height, width, channels)`; only their
            number and shape matter, as the module says.
        units: `(row, column, filter)` for each image.

    Returns:
        float32 `(count, height, width, channels)`, for an activation of 1.
    """
    return project_units(model, layer_name, images, units, _pass_positive)


def _pass_positive(signal, inputs, slope):
    del inputs, slope  # Of the signal alone: this is the method.
    return tf.nn.relu(signal)


def draw_deconvnet(
    model: TrainedModel,
    real_images: np.ndarray,
    layer_name: str,
    num_filters: int = 12,
) -> np.ndarray:
    """Draws each filter's nine strongest patches beside its projection.

    Args:
        model: Whose D.
        real_images: uint8 `(count, height, width, channels)`.
        layer_name: Of D.
        num_filters: Filters, from the first on.

    Returns:
        uint8 `(height, width, 3)`.
    """
    network = model.discriminator
    found = find_maximal_activations(
        network, layer_name, real_images, 9, num_filters
    )
    num_filters = len(found.rows)  # The layer may have fewer.
    field = compute_receptive_field(network, layer_name)
    # From the middle of the map, where the border cuts off the least.
    middle = find_middle_unit(network, layer_name)
    units = [(*middle, i) for i in range(num_filters)]
    blank = np.zeros((num_filters, *real_images.shape[1:]), np.float32)
    signals = compute_deconvnet(network, layer_name, blank, units)
    pixels = [
        cut_window(image, field.box(*middle))
        for image in signal_to_uint8(signals, axes=(1, 2, 3))
    ]
    patches = cut_patches(real_images, found, field)
    rows = []
    for index in range(num_filters):
        rows += [
            Panel(
                as_grid(patches[index], 3),
                f"filter {index + 1}: patches",
                tile_side=64,
            ),
            Panel(pixels[index][None, None], "projection", tile_side=204),
        ]
    return draw_sheet(
        f"{layer_name} through the transposed network",
        [rows[start : start + 6] for start in range(0, len(rows), 6)],
        f"For each filter, the nine of {len(real_images):,} real images that "
        "excite it most, cut to its receptive field, and its unit in the "
        "middle projected to the pixels of that field (grey is zero). There is "
        "one projection for all nine: strided convolutions have no pooling "
        "switches, so it depends on the filter and not on the image. "
        f"{describe_origin(model)}",
    )
