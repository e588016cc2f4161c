"""Guided backpropagation of D's features (Section 6.2)."""

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf.analysis.backward import project_units
from dcgan_tf.analysis.maximal_activations import find_maximal_activations
from dcgan_tf.analysis.samples import describe_origin
from dcgan_tf.analysis.sheet import Panel, draw_sheet
from dcgan_tf.analysis.signals import signal_to_uint8
from dcgan_tf.images import to_float
from dcgan_tf.runs.trained_model import TrainedModel

# Features from the first on ("axis-aligned": a filter each, not a direction
# in their space), and images of each.
_NUM_FEATURES = 6
_NUM_IMAGES = 4


def compute_guided_backprop(
    model: keras.Sequential,
    layer_name: str,
    images: np.ndarray,
    units: list[tuple[int, int, int]],
) -> np.ndarray:
    """Guided backpropagation (Springenberg et al., 2015, arXiv 1412.6806).

    The gradient of a unit, except that a rectifier passes only positive
    signals, at the slope that it had for its input: 1 or 0 for a ReLU. For
    LeakyReLU, which the authors of the method do not treat, 1 or its slope.

    Args:
        model: Of images in `[-1, 1]`.
        layer_name: The units' layer.
        images: float32 `(count, height, width, channels)` in `[-1, 1]`.
        units: `(row, column, filter)` for each image.

    Returns:
        float32 `(count, height, width, channels)`, of either sign.
    """
    return project_units(model, layer_name, images, units, _pass_guided)


def _pass_guided(signal, inputs, slope):
    return tf.nn.relu(signal) * tf.where(inputs > 0, 1.0, slope)


def draw_guided_backprop(
    model: TrainedModel, real_images: np.ndarray, layer_name: str
) -> np.ndarray:
    """Draws strongest responses of D's first features, trained and not.

    Args:
        model: Whose D.
        real_images: uint8 `(count, height, width, channels)` to look for
            responses in.
        layer_name: Of D; the paper takes the last convolution.

    Returns:
        uint8 `(height, width, 3)`.
    """
    random_title = model.random_discriminator_name
    random_title = random_title[0].upper() + random_title[1:]
    rows = []
    for network, title in (
        (model.discriminator, "Trained D"),
        (model.build_random_discriminator(), random_title),
    ):
        found = find_maximal_activations(
            network, layer_name, real_images, _NUM_IMAGES, _NUM_FEATURES
        )
        images = real_images[found.images]
        units = found.units()
        signals = compute_guided_backprop(
            network,
            layer_name,
            to_float(images.reshape(-1, *images.shape[2:])).numpy(),
            units,
        ).reshape(images.shape)
        rows.append((title, images, signal_to_uint8(signals, axes=(2, 3, 4))))
    # The layer may have fewer.
    names = [f"feature {index + 1}" for index in range(len(found.rows))]
    panels = []
    for number, (title, images, signals) in enumerate(rows):
        labels = () if number else names
        panels.append(Panel(images, f"{title}: images", labels, tile_side=80))
        panels.append(Panel(signals, "guided backpropagation", tile_side=80))
    return draw_sheet(
        f"What excites the features of {layer_name}",
        [panels],
        f"The {_NUM_IMAGES} of {len(real_images):,} real images with the "
        f"strongest response of each feature of D's {layer_name}, and what "
        "guided backpropagation from the strongest unit leaves of them "
        f"(grey is zero). {describe_origin(model)}",
    )
