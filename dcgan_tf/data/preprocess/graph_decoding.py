"""Decodes an image file inside a graph, as a served model has to."""

import numpy as np
import tensorflow as tf

from dcgan_tf.data.files.level_range import (
    UPPER_BYTE,
    LevelRange,
    scale_levels,
)
from dcgan_tf.data.preprocess.colours import convert_channels

# Where a PNG file says how many bits a channel has.
_PNG_BITS_AT = 24


def decode_image_bytes(
    contents: tf.Tensor,
    channels: int,
    background: str,
    level_range: LevelRange | None = None,
) -> tf.Tensor:
    """Decodes a JPEG or PNG file inside a graph.

    Gives the pixels that the image folder's decoder gives, except that EXIF
    orientation, which TensorFlow doesn't read, is ignored.

    Args:
        contents: Scalar string, a whole file.
        channels: 1, 3 or 4.
        background: Colour under transparent pixels.
        level_range: By which levels of 16 bits become ones of 8; None, and
            one of reals, which no PNG file holds, for their upper byte.

    Returns:
        uint8 `(height, width, channels)`.
    """

    def decode_jpeg():
        # The accurate transform is Pillow's; TensorFlow's default is faster.
        image = tf.io.decode_jpeg(
            contents, channels=3, dct_method="INTEGER_ACCURATE"
        )
        return convert_channels(image, channels)

    def decode_png():
        if level_range is None or not all(
            isinstance(level, int) for level in level_range
        ):
            image = _decode_upper_bytes(contents)
        else:
            image = tf.cond(
                _read_png_bits(contents) == 16,
                lambda: _decode_deep(contents, level_range),
                lambda: _decode_upper_bytes(contents),
            )
        return convert_channels(image, channels, background)

    image = tf.cond(tf.io.is_jpeg(contents), decode_jpeg, decode_png)
    return tf.ensure_shape(image, (None, None, channels))


def _read_png_bits(png: tf.Tensor) -> tf.Tensor:
    bits = tf.io.decode_raw(tf.strings.substr(png, _PNG_BITS_AT, 1), tf.uint8)
    return tf.cast(bits[0], tf.int32)


def _decode_deep(png: tf.Tensor, level_range: LevelRange) -> tf.Tensor:
    """Decodes a PNG of 16 bits to RGBA; of opacity the upper byte is kept."""
    image = tf.io.decode_png(png, channels=4, dtype=tf.uint16)
    every_level = np.arange(2**16, dtype=np.uint16)
    colour, opacity = (
        tf.gather(
            tf.constant(scale_levels(every_level, scale)),
            tf.cast(levels, tf.int32),
        )
        for levels, scale in (
            (image[..., :3], level_range),
            (image[..., 3:], UPPER_BYTE),
        )
    )
    return tf.concat([colour, opacity], axis=-1)


def _decode_upper_bytes(png: tf.Tensor) -> tf.Tensor:
    """Decodes a PNG to RGBA, opaque where it has no transparency.

    TensorFlow adds an alpha that is the file's own largest level, which in
    files of fewer than 8 bits a pixel isn't 255.
    """
    image = tf.io.decode_png(png, channels=4)
    bits = _read_png_bits(png)
    largest = tf.bitwise.left_shift(1, bits) - 1
    alpha = tf.cast(image[..., 3], tf.int32)
    is_added = (bits < 8) & tf.reduce_all(alpha == largest)
    opaque = tf.bitwise.bitwise_or(image, tf.constant([0, 0, 0, 255], tf.uint8))
    return tf.where(is_added, opaque, image)
