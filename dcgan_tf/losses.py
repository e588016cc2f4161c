"""Losses of the discriminator and the generator, from logits."""

import tensorflow as tf


def discriminator_loss(
    real_logits: tf.Tensor, fake_logits: tf.Tensor, label_smoothing: float = 0.0
) -> tf.Tensor:
    """Computes D's cross-entropy on real and generated images.

    The mean over real images of `-log D(x)` plus the mean over generated
    ones of `-log(1 - D(G(z)))` (Goodfellow et al., 2014, arXiv 1406.2661,
    equation 1).

    Args:
        real_logits: float32 `(batch, 1)`, D on real images.
        fake_logits: float32 `(batch, 1)`, D on generated images.
        label_smoothing: Subtracted from the target of real images, which
            is 1; one-sided
            (Salimans et al., 2016, arXiv 1606.03498, Section 3.4).

    Returns:
        A float32 scalar in nats; `2 log 2` if D always outputs 1/2.
    """
    return _mean_cross_entropy(
        1.0 - label_smoothing, real_logits
    ) + _mean_cross_entropy(0.0, fake_logits)


def generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """Computes the non-saturating loss `-log D(G(z))`, averaged.

    Goodfellow et al., 2014, arXiv 1406.2661, Section 3.

    Args:
        fake_logits: float32 `(batch, 1)`, D on generated images.

    Returns:
        A float32 scalar in nats; `log 2` if D always outputs 1/2.
    """
    return _mean_cross_entropy(1.0, fake_logits)


def _mean_cross_entropy(target: float, logits: tf.Tensor) -> tf.Tensor:
    """Averages the sigmoid cross-entropy, finite for any finite logit."""
    return tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(
            tf.fill(tf.shape(logits), tf.cast(target, logits.dtype)), logits
        )
    )
