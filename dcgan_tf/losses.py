"""The two networks' losses, from logits."""

import tensorflow as tf


def discriminator_loss(
    real_logits: tf.Tensor, fake_logits: tf.Tensor, label_smoothing: float = 0.0
) -> tf.Tensor:
    """Cross-entropy of telling real images from generated ones.

    The sum of both halves' means: `-log D(x) - log(1 - D(G(z)))`
    (Goodfellow et al., 2014, arXiv 1406.2661, equation 1).

    Args:
        real_logits: float32 `(batch, 1)`, D on real images.
        fake_logits: float32 `(batch, 1)`, D on generated images.
        label_smoothing: Real images' target is 1 minus this; one-sided
            (Salimans et al., 2016, arXiv 1606.03498, Section 3.4).

    Returns:
        A float32 scalar, `2 log 2` where D knows nothing.
    """
    return _mean_cross_entropy(
        1.0 - label_smoothing, real_logits
    ) + _mean_cross_entropy(0.0, fake_logits)


def generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """The non-saturating loss `-log D(G(z))` (Goodfellow et al., Section 3).

    Args:
        fake_logits: float32 `(batch, 1)`, D on generated images.

    Returns:
        A float32 scalar, `log 2` where D knows nothing.
    """
    return _mean_cross_entropy(1.0, fake_logits)


def _mean_cross_entropy(target: float, logits: tf.Tensor) -> tf.Tensor:
    """Stable for any logit: TensorFlow's form never takes log of 0."""
    return tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(
            tf.fill(tf.shape(logits), tf.cast(target, logits.dtype)), logits
        )
    )
