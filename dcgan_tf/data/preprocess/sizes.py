"""Pads, cuts and resizes an image to the networks' size."""

import tensorflow as tf

from dcgan_tf.config import parse_colour
from dcgan_tf.data.preprocess import transparency
from dcgan_tf.data.preprocess.colours import convert_channels
from dcgan_tf.images import round_to_uint8


def pad_to_side(image: tf.Tensor, side: int) -> tf.Tensor:
    """Centres an image on black, at least `side` pixels high and wide.

    Args:
        image: uint8 `(height, width, channels)`.
        side: Sides that are as long already are left alone.

    Returns:
        uint8 `(max(height, side), max(width, side), channels)`.
    """
    height, width, channels = _get_sizes(image)
    target_height = tf.maximum(height, side)
    target_width = tf.maximum(width, side)
    padded = tf.image.pad_to_bounding_box(
        image,
        (target_height - height) // 2,
        (target_width - width) // 2,
        target_height,
        target_width,
    )
    return tf.ensure_shape(padded, (None, None, channels))


def crop_and_resize(
    image: tf.Tensor,
    image_size: tuple[int, int],
    crop: int = 0,
    fit: str = "crop",
) -> tf.Tensor:
    """Cuts the centre out of an image and resizes it with antialiasing.

    A triangle filter as wide as the reduction, so that fine patterns turn
    grey instead of into false ones.

    Args:
        image: uint8 `(height, width, channels)` of any size.
        image_size: Target `(height, width)`.
        crop: Side of a centred square to cut first, in pixels, at most as
            long as the image allows. The largest centred part of the
            target's aspect is what is then resized.
        fit: `crop`; or `stretch`, to resize what the square leaves whole.

    Returns:
        uint8 `(*image_size, channels)`, rounded to the nearest level.
    """
    height, width, channels = _get_sizes(image)
    cut_height, cut_width = find_cut(height, width, image_size, crop, fit)
    cut = _cut_centre(image, cut_height, cut_width)
    resized = _resize(cut, *image_size)
    return tf.ensure_shape(resized, (*image_size, channels))


def resize_and_pad(
    image: tf.Tensor,
    image_size: tuple[int, int],
    crop: int = 0,
    background: str = "white",
) -> tf.Tensor:
    """Resizes an image to fit into the target, and fills that up.

    Args:
        image: uint8 `(height, width, channels)` of any size.
        image_size: Target `(height, width)`.
        crop: Side of a centred square to cut first, as in `crop_and_resize`.
        background: Colour of what is added; transparent in RGBA.

    Returns:
        uint8 `(*image_size, channels)`, the image at its centre.
    """
    height, width, channels = _get_sizes(image)
    cut_height, cut_width = find_cut(height, width, image_size, crop, "pad")
    cut = _cut_centre(image, cut_height, cut_width)
    target_height, target_width = image_size
    is_wide = cut_width * target_height > cut_height * target_width
    fitted_height = tf.where(
        is_wide, _divide(cut_height * target_width, cut_width), target_height
    )
    fitted_width = tf.where(
        is_wide, target_width, _divide(cut_width * target_height, cut_height)
    )
    resized = _resize(cut, fitted_height, fitted_width)
    top = (target_height - fitted_height) // 2
    left = (target_width - fitted_width) // 2
    # Zeros around it, and there the background.
    sides = [
        [top, target_height - fitted_height - top],
        [left, target_width - fitted_width - left],
        [0, 0],
    ]
    padded = tf.pad(resized, sides)
    is_image = tf.pad(tf.ones_like(resized[..., :1], tf.bool), sides)
    colour = tf.constant([[parse_colour(background)]], tf.uint8)
    if channels == 4:
        colour = tf.concat([colour, tf.zeros((1, 1, 1), tf.uint8)], axis=-1)
    else:
        colour = convert_channels(colour, channels)
    return tf.ensure_shape(
        tf.where(is_image, padded, colour), (*image_size, channels)
    )


def _resize(image: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """Resizes with antialiasing; an image of that size is left alone."""

    def resize():
        if image.shape[-1] == 4:
            return transparency.resize(image, height, width)
        resized = tf.image.resize(
            image, (height, width), "bilinear", antialias=True
        )
        return round_to_uint8(resized)

    now_height, now_width, _ = _get_sizes(image)
    is_done = (now_height == height) & (now_width == width)
    return tf.cond(is_done, lambda: image, resize)


def find_cut(
    height: tf.Tensor,
    width: tf.Tensor,
    image_size: tuple[int, int],
    crop: int = 0,
    fit: str = "crop",
) -> tuple[tf.Tensor, tf.Tensor]:
    """Computes the sides of what is cut out of an image's centre.

    Args:
        height: int32 scalar, the image's.
        width: int32 scalar, the image's.
        image_size: Target `(height, width)`.
        crop: As for `crop_and_resize`.
        fit: Of `config.FITS`; but for `crop`, only the square is cut.

    Returns:
        Two int32 scalars: height and width.
    """
    target_height, target_width = image_size
    if crop:
        height, width = tf.minimum(height, crop), tf.minimum(width, crop)
    if fit != "crop":
        return height, width
    # Compared exactly, to keep an image of the right aspect whole.
    is_too_wide = width * target_height > height * target_width
    cut_height = tf.where(
        is_too_wide, height, _divide(width * target_height, target_width)
    )
    cut_width = tf.where(
        is_too_wide, _divide(height * target_width, target_height), width
    )
    return cut_height, cut_width


def _divide(numerator: tf.Tensor, denominator: int | tf.Tensor) -> tf.Tensor:
    """Divides integers to the nearest one, and at least 1."""
    return tf.maximum(1, (2 * numerator + denominator) // (2 * denominator))


def _cut_centre(
    image: tf.Tensor, cut_height: tf.Tensor, cut_width: tf.Tensor
) -> tf.Tensor:
    height, width, channels = _get_sizes(image)
    top, left = (height - cut_height) // 2, (width - cut_width) // 2
    return tf.slice(image, [top, left, 0], [cut_height, cut_width, channels])


def _get_sizes(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, int]:
    shape = tf.shape(image)
    return shape[0], shape[1], image.shape[-1]
