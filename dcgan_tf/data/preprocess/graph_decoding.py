"""Decodes an image file inside a graph, as a served model has to."""

import tensorflow as tf

from dcgan_tf.data.preprocess.colours import convert_channels

# Where a PNG file says how many bits a channel has.
_PNG_BITS_AT = 24


def decode_image_bytes(
    contents: tf.Tensor, channels: int, background: str
) -> tf.Tensor:
    """Decodes a JPEG or PNG file inside a graph.

    Gives the pixels that the image folder's decoder gives, except that EXIF
    orientation, which TensorFlow doesn't read, is ignored.

    Args:
        contents: Scalar string, a whole file.
        channels: 1, 3 or 4.
        background: Colour under transparent pixels.

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
        image = _fill_alpha(tf.io.decode_png(contents, channels=4), contents)
        return convert_channels(image, channels, background)

    image = tf.cond(tf.io.is_jpeg(contents), decode_jpeg, decode_png)
    return tf.ensure_shape(image, (None, None, channels))


def _fill_alpha(image: tf.Tensor, png: tf.Tensor) -> tf.Tensor:
    """Makes a PNG without transparency opaque.

    TensorFlow adds an alpha that is the file's own largest level, which in
    files of fewer than 8 bits a pixel isn't 255.
    """
    bits = tf.io.decode_raw(tf.strings.substr(png, _PNG_BITS_AT, 1), tf.uint8)
    bits = tf.cast(bits[0], tf.int32)
    largest = tf.bitwise.left_shift(1, bits) - 1
    alpha = tf.cast(image[..., 3], tf.int32)
    is_added = (bits < 8) & tf.reduce_all(alpha == largest)
    opaque = tf.bitwise.bitwise_or(image, tf.constant([0, 0, 0, 255], tf.uint8))
    return tf.where(is_added, opaque, image)
