"""Compares a step's generated images with its real ones, by their moments.

A few sums over a batch that the step has at hand: they cost nothing beside
the networks, and tell a collapse that no loss shows.
"""

import tensorflow as tf

from dcgan_tf.images import LEVEL_STEP

SAMPLE_STATISTICS = ("sample_contrast", "sample_variation", "sample_shift")

# Two grey levels of 255, in [-1, 1]: a ratio to less is rounding's.
_LEAST = 2 * LEVEL_STEP


def compute_sample_statistics(
    real_images: tf.Tensor, fake_images: tf.Tensor
) -> dict[str, tf.Tensor]:
    """Compares a batch of samples with a batch of images.

    Args:
        real_images: `(batch, height, width, channels)` in `[-1, 1]`, of any
            float type.
        fake_images: As many samples.

    Returns:
        float32 scalars. `sample_contrast`: the standard deviation within an
        image, over that of real images; near 0 where samples are one colour.
        `sample_variation`: the standard deviation of a pixel over the batch,
        likewise; near 0 where all are alike. Both are 1 where samples are as
        the images. `sample_shift`: the root mean square difference of the two
        batches' mean images, from 0 to 2; not quite 0 where both are alike,
        since a batch is finite.
    """
    real, fake = _measure(real_images), _measure(fake_images)

    def divide(name):
        return (fake[name] + _LEAST) / (real[name] + _LEAST)

    squares = tf.math.squared_difference(fake["mean_image"], real["mean_image"])
    return {
        "sample_contrast": divide("contrast"),
        "sample_variation": divide("variation"),
        "sample_shift": tf.sqrt(tf.reduce_mean(squares)),
    }


def _measure(images: tf.Tensor) -> dict[str, tf.Tensor]:
    images = tf.cast(images, tf.float32)
    mean_image, variances = tf.nn.moments(images, axes=[0])
    # Of each channel: one colour has no contrast, whichever it is.
    _, within = tf.nn.moments(images, axes=[1, 2])
    return {
        "mean_image": mean_image,
        "variation": tf.sqrt(tf.reduce_mean(variances)),
        "contrast": tf.reduce_mean(tf.sqrt(within)),
    }
