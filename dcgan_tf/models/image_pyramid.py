"""Images shrunk and enlarged, as the levels of a Laplacian pyramid are.

A pyramid holds an image as its smallest version and what each doubling lacks:
with `I_k` the image shrunk k times, the residual is `h_k = I_k -
enlarge(I_(k+1))` (Denton et al., 2015, Section 2.2; Burt and Adelson, 1983).
A departure from the authors' code: images are shrunk by means of 2x2 pixels
and enlarged bilinearly.
"""

import keras
import tensorflow as tf


def shrink(images: tf.Tensor) -> tf.Tensor:
    """Halves images: `(batch, 2 * height, 2 * width, channels)` to half."""
    return tf.nn.avg_pool2d(images, 2, 2, "VALID")


def enlarge(images: tf.Tensor) -> tf.Tensor:
    """Doubles images bilinearly, the reverse of `shrink` in shape."""
    return make_enlarging_layer()(images)


def make_enlarging_layer(name: str | None = None) -> keras.layers.Layer:
    """Makes the layer that `enlarge` is, of a given name."""
    return keras.layers.UpSampling2D(
        2,
        data_format="channels_last",
        interpolation="bilinear",
        dtype="float32",
        name=name,
    )


def shrink_to_levels(images: tf.Tensor, num_levels: int) -> list[tf.Tensor]:
    """Returns images shrunk again and again, from coarse to fine.

    Args:
        images: float32 `(batch, height, width, channels)`.
        num_levels: How many sizes, the images' own included.
    """
    levels = [images]
    for _ in range(num_levels - 1):
        levels.insert(0, shrink(levels[0]))
    return levels
