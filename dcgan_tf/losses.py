"""Losses of the discriminator and the generator, and D's penalty.

`cross_entropy` is the paper's. `hinge`, `relativistic` and gradient penalties
are not in it. Logits are `(batch, pairs)`, with a column for each pair of
networks: one, but of a pyramid as many as it has levels.
"""

from collections.abc import Callable

import tensorflow as tf

from dcgan_tf.config import CROSS_ENTROPY, HINGE


def compute_discriminator_loss(
    loss: str,
    real_logits: tf.Tensor,
    fake_logits: tf.Tensor,
    label_smoothing: float = 0.0,
) -> tf.Tensor:
    """Computes D's loss of a given kind.

    Args:
        loss: Of `config.LOSSES`.
        real_logits: float32 `(batch, pairs)`, D on real images.
        fake_logits: float32 `(batch, pairs)`, D on generated images.
        label_smoothing: Of `cross_entropy` alone.

    Returns:
        A float32 scalar.
    """
    if loss == CROSS_ENTROPY:
        return discriminator_loss(real_logits, fake_logits, label_smoothing)
    if loss == HINGE:
        return discriminator_hinge_loss(real_logits, fake_logits)
    return relativistic_loss(real_logits, fake_logits)


def compute_generator_loss(
    loss: str, real_logits: tf.Tensor | None, fake_logits: tf.Tensor
) -> tf.Tensor:
    """Computes G's loss of a given kind.

    Args:
        loss: Of `config.LOSSES`.
        real_logits: float32 `(batch, pairs)`, which only `relativistic`
            looks at.
        fake_logits: float32 `(batch, pairs)`, D on generated images.

    Returns:
        A float32 scalar.
    """
    if loss == CROSS_ENTROPY:
        return generator_loss(fake_logits)
    if loss == HINGE:
        return generator_hinge_loss(fake_logits)
    return relativistic_loss(fake_logits, real_logits)


def discriminator_loss(
    real_logits: tf.Tensor, fake_logits: tf.Tensor, label_smoothing: float = 0.0
) -> tf.Tensor:
    """Computes D's cross-entropy on real and generated images.

    The mean over real images of `-log D(x)` plus the mean over generated
    ones of `-log(1 - D(G(z)))` (Goodfellow et al., 2014, arXiv 1406.2661,
    equation 1).

    Args:
        real_logits: float32 `(batch, pairs)`, D on real images.
        fake_logits: float32 `(batch, pairs)`, D on generated images.
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
        fake_logits: float32 `(batch, pairs)`, D on generated images.

    Returns:
        A float32 scalar in nats; `log 2` if D always outputs 1/2.
    """
    return _mean_cross_entropy(1.0, fake_logits)


def discriminator_hinge_loss(
    real_logits: tf.Tensor, fake_logits: tf.Tensor
) -> tf.Tensor:
    """Computes `max(0, 1 - D(x)) + max(0, 1 + D(G(z)))`, averaged.

    Lim and Ye, 2017, arXiv 1705.02894; Miyato et al., 2018, arXiv 1802.05957,
    equation 16. Images on the right side of the margin teach D nothing.

    Returns:
        A float32 scalar; 2 if D always outputs 0, 0 beyond both margins.
    """
    return tf.reduce_mean(tf.nn.relu(1.0 - real_logits)) + tf.reduce_mean(
        tf.nn.relu(1.0 + fake_logits)
    )


def generator_hinge_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """Computes `-D(G(z))`, averaged (Miyato et al., 2018, equation 17).

    Returns:
        A float32 scalar of either sign.
    """
    return -tf.reduce_mean(fake_logits)


def relativistic_loss(winners: tf.Tensor, losers: tf.Tensor) -> tf.Tensor:
    """Computes `log(1 + exp(-(winner - loser)))`, averaged over pairs.

    Jolicoeur-Martineau, 2018, arXiv 1807.00734; Huang et al., 2024, arXiv
    2501.05441, equation 2. D's winners are real images, G's generated ones,
    each beside the other of the same place in the batch. Logits have no zero:
    only their difference means something.

    Args:
        winners: float32 `(batch, pairs)`, logits that are to be larger.
        losers: float32 `(batch, pairs)`.

    Returns:
        A float32 scalar in nats; `log 2` if D always outputs the same.
    """
    return tf.reduce_mean(tf.nn.softplus(losers - winners))


def judge_with_penalty(
    judge: Callable[[tf.Tensor], tf.Tensor], images: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Computes D's logits and the mean squared gradient at its images.

    Half of the latter, times a weight, is the zero-centred gradient penalty:
    R1 on real images (Mescheder et al., 2018, arXiv 1801.04406, equation 9)
    and R2 on generated ones (Section 4.1). It holds D flat around images that
    it is sure of, so that it can't tell a small set apart by ever steeper
    steps.

    Under a tape the result is differentiable: the gradient is computed by
    operations that have gradients themselves, the project's convolutions and
    the fused batch norm included.

    Args:
        judge: From images to float32 logits `(batch, 1)`. Where D has batch
            norm, an image's gradient is of all logits of the batch.
        images: float32 `(batch, height, width, channels)`.

    Returns:
        The logits, and a float32 scalar: the mean over images of the sum of
        squares over pixels.
    """
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = judge(images)
        total = tf.reduce_sum(logits)
    gradients = tape.gradient(total, images)
    squares = tf.reduce_sum(tf.square(gradients), axis=(1, 2, 3))
    return logits, tf.reduce_mean(squares)


def _mean_cross_entropy(target: float, logits: tf.Tensor) -> tf.Tensor:
    """Averages the sigmoid cross-entropy, finite for any finite logit."""
    return tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(
            tf.fill(tf.shape(logits), tf.cast(target, logits.dtype)), logits
        )
    )
