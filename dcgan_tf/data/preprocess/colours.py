"""Channels of an image: grey, RGB, RGBA, and a colour under the latter."""

import tensorflow as tf

from dcgan_tf.config import parse_colour

# ITU-R BT.601 luma in 16-bit fixed point, as Pillow's convert("L") has it;
# tf.image.rgb_to_grayscale uses the same weights in floating point.
_LUMA_WEIGHTS = (19595, 38470, 7471)


def convert_channels(
    image: tf.Tensor, channels: int, background: str = "white"
) -> tf.Tensor:
    """Turns grey, RGB or RGBA into one of these.

    Args:
        image: uint8 `(..., 1, 3 or 4)`, the last axis statically known.
        channels: 1, 3 or 4; what wasn't RGBA is opaque.
        background: Colour under transparent pixels of RGBA.

    Returns:
        uint8 `(..., channels)`.

    Raises:
        ValueError: If the image has another number of channels.
    """
    given = image.shape[-1]
    if given not in (1, 3, 4):
        raise ValueError(
            f"an image has {given} channels; grey (1), RGB (3) and RGBA (4) "
            "can be used"
        )
    if given == channels:
        return image
    if given == 4:
        image = composite(image, background)
    if channels == 4:
        rgb = convert_channels(image, 3)
        opaque = tf.fill(tf.shape(rgb[..., :1]), tf.constant(255, tf.uint8))
        return tf.concat([rgb, opaque], axis=-1)
    if image.shape[-1] == channels:
        return image
    if channels == 3:
        return tf.concat([image] * 3, axis=-1)
    weights = tf.constant(_LUMA_WEIGHTS, tf.int32)
    luma = tf.reduce_sum(tf.cast(image, tf.int32) * weights, -1, keepdims=True)
    return tf.cast((luma + 2**15) // 2**16, tf.uint8)


def composite(image: tf.Tensor, background: str) -> tf.Tensor:
    """Lays RGBA over a colour, rounding as Pillow's `alpha_composite` does.

    Args:
        image: uint8 `(..., 4)`.
        background: A Pillow colour name or `#rrggbb`.

    Returns:
        uint8 `(..., 3)`.
    """
    colour = tf.constant(parse_colour(background), tf.int32)
    values = tf.cast(image, tf.int32)
    colours, alpha = values[..., :3], values[..., 3:]
    blended = colours * alpha + colour * (255 - alpha)
    return tf.cast((blended + 127) // 255, tf.uint8)
