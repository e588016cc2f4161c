"""Transparent images: resizing, and the colour of what can't be seen.

Colours stay as files have them, not multiplied by alpha, so that samples,
exports and pages are ordinary RGBA; and where alpha is 0, where files hold
anything, they are those of the nearest parts that can be seen. Networks then
have no edge to learn that nobody sees, and what they blur at an outline has
the outline's colour: multiplied colours would have to be divided again by an
alpha near 0, and any fixed colour would show as a fringe.

Pure TensorFlow operations, as all beside it.
"""

import math

import tensorflow as tf

from dcgan_tf.images import round_to_uint8


def resize(image: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """Resizes RGBA with antialiasing; what can't be seen has no say.

    Args:
        image: uint8 `(height, width, 4)`.
        height: int32 scalar, the target's.
        width: int32 scalar, the target's.

    Returns:
        uint8 `(height, width, 4)`, rounded; colour where alpha is 0 is 0.
    """
    values = tf.cast(image, tf.float32)
    alpha = values[..., 3:]
    weighted = tf.concat([values[..., :3] * alpha, alpha], axis=-1)
    resized = tf.image.resize(
        weighted, (height, width), "bilinear", antialias=True
    )
    alpha = resized[..., 3:]
    # Less than half a level is none.
    colour = tf.where(alpha < 0.5, 0.0, resized[..., :3] / alpha)
    joined = tf.concat([colour, alpha], axis=-1)
    return round_to_uint8(joined)


def fill_colour(
    image: tf.Tensor, background: tuple[int, int, int]
) -> tf.Tensor:
    """Gives transparent pixels the colours of what lies nearest.

    The pull-push of Gortler et al., 1996, "The Lumigraph", Section 3.3.1:
    averages of ever larger squares, weighted by alpha, fill from coarse to
    fine what smaller squares leave open.

    Args:
        image: uint8 `(height, width, 4)`, sides statically known.
        background: RGB of an image in which nothing can be seen.

    Returns:
        uint8 of the same shape; colours change only where alpha is 0.
    """
    values = tf.cast(image, tf.float32)[None]
    alpha = values[..., 3:]
    levels = [tf.concat([values[..., :3] * alpha, alpha], axis=-1)]
    num_levels = math.ceil(math.log2(max(image.shape[:2])))
    for _ in range(num_levels):
        levels.append(tf.nn.avg_pool2d(levels[-1], 2, 2, "SAME"))
    filled = tf.constant([[[background]]], tf.float32)
    for level in reversed(levels):
        size = level.shape[1:3]
        if filled.shape[1:3] != size:
            filled = tf.image.resize(filled, size, "bilinear")
        weight = level[..., 3:]
        seen = level[..., :3] / tf.where(weight > 0, weight, 1.0)
        filled = tf.where(weight > 0, seen, filled)
    is_seen = image[..., 3:] > 0
    colour = tf.where(is_seen, image[..., :3], round_to_uint8(filled[0]))
    return tf.concat([colour, image[..., 3:]], axis=-1)
