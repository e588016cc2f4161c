"""Decodes an image file inside a graph, as a served model has to."""

import numpy as np
import tensorflow as tf

from dcgan_tf.data.files.level_range import (
    UPPER_BYTE,
    LevelRange,
    scale_levels,
)
from dcgan_tf.data.preprocess.colours import convert_channels

# Where a PNG file says how many bits a channel has, and where the chunk after
# its header begins: the length of its data, a name, the data, and a checksum.
_PNG_BITS_AT, _PNG_CHUNKS_AT = 24, 33
_CHUNK_NUMBER_BYTES, _CHUNK_EXTRA_BYTES = 4, 12
# Begins a JPEG file; a segment of Adobe's that says its colours are CMYK.
_JPEG_START_BYTES = 2
_ADOBE_CMYK = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"


def decode_image_bytes(
    contents: tf.Tensor,
    channels: int,
    background: str,
    level_range: LevelRange | None = None,
) -> tf.Tensor:
    """Decodes a JPEG or PNG file inside a graph.

    Gives the pixels that the image folder's decoder gives, except that EXIF
    orientation, which TensorFlow doesn't read, is ignored, and that a PNG file
    without its last chunk, whose pixels are all there, is refused.

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
            _mark_cmyk(contents), channels=3, dct_method="INTEGER_ACCURATE"
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


def _mark_cmyk(jpeg: tf.Tensor) -> tf.Tensor:
    """Has a file of CMYK colours without Adobe's segment read as with one.

    Pillow takes ink for inverted in all of them, and TensorFlow in those that
    have it. A file's own segment comes later and stands.
    """
    num_channels = tf.io.extract_jpeg_shape(jpeg)[2]
    start = tf.strings.substr(jpeg, 0, _JPEG_START_BYTES)
    rest = tf.strings.substr(jpeg, _JPEG_START_BYTES, tf.strings.length(jpeg))
    marked = tf.strings.join([start, _ADOBE_CMYK, rest])
    return tf.where(tf.equal(num_channels, 4), marked, jpeg)


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
    # A palette's own opacity may be just that.
    with tf.control_dependencies([image]):  # Only a whole file has chunks.
        is_added &= tf.logical_not(_has_opacity_chunk(png))
    opaque = tf.bitwise.bitwise_or(image, tf.constant([0, 0, 0, 255], tf.uint8))
    return tf.where(is_added, opaque, image)


def _has_opacity_chunk(png: tf.Tensor) -> tf.Tensor:
    """Whether a chunk `tRNS` comes before a PNG file's pixels."""

    def read_name(start):
        at = start + _CHUNK_NUMBER_BYTES
        return tf.strings.substr(png, at, _CHUNK_NUMBER_BYTES)

    def go_on(start):
        digits = tf.strings.substr(png, start, _CHUNK_NUMBER_BYTES)
        length = tf.io.decode_raw(digits, tf.int32, little_endian=False)[0]
        return [start + length + _CHUNK_EXTRA_BYTES]

    def is_other(start):
        name = read_name(start)
        return tf.not_equal(name, b"tRNS") & tf.not_equal(name, b"IDAT")

    (start,) = tf.while_loop(is_other, go_on, [tf.constant(_PNG_CHUNKS_AT)])
    return tf.equal(read_name(start), b"tRNS")
