"""Makes an image of any size into what the networks are shown."""

import tensorflow as tf

from dcgan_tf.config import DataConfig, ModelConfig, parse_colour
from dcgan_tf.data.preprocess import transparency
from dcgan_tf.data.preprocess.colours import convert_channels
from dcgan_tf.data.preprocess.sizes import (
    crop_and_resize,
    pad_to_side,
    resize_and_pad,
)

# Datasets of 28-pixel images, which get a black border up to this side
# rather than being enlarged: 32 can be halved, 28 only twice.
_PADDED_SIDES = {"mnist_5k": 32, "mnist": 32, "fashion_mnist": 32}


def prepare_image(
    image: tf.Tensor, model: ModelConfig, data: DataConfig
) -> tf.Tensor:
    """Makes an image of any size into what the networks are shown.

    Args:
        image: uint8 `(height, width, channels)` with 1, 3 or 4 (RGBA)
            channels, statically known.
        model: Its `image_size` and `channels` are the target's.
        data: Its `trained_dataset`, `crop`, `fit` and `background` decide the
            rest.

    Returns:
        uint8 `(*model.image_size, model.channels)`.
    """
    if side := get_padded_side(data):
        image = pad_to_side(image, side)
    image = convert_channels(image, model.channels, data.background)
    if data.fit == "pad":
        image = resize_and_pad(
            image, model.image_size, data.crop, data.background
        )
    else:
        image = crop_and_resize(image, model.image_size, data.crop, data.fit)
    if model.channels == 4:
        return transparency.fill_colour(image, parse_colour(data.background))
    return image


def get_padded_side(data: DataConfig) -> int:
    """Returns the side up to which a run's images are padded, or 0."""
    name = data.trained_dataset.split(":")[0].split("/")[0]
    return _PADDED_SIDES.get(name, 0)
