import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf import losses


def logits(*values):
    return tf.constant(values, tf.float32)[:, None]


def test_losses_of_a_discriminator_that_knows_nothing():
    zeros = logits(0.0, 0.0)
    assert losses.discriminator_loss(zeros, zeros).numpy() == (
        pytest.approx(2 * np.log(2))
    )
    assert losses.generator_loss(zeros).numpy() == pytest.approx(np.log(2))


def test_losses_by_hand():
    real, fake = logits(2.0, -1.0), logits(0.5, -3.0)

    def probability(x):
        return 1 / (1 + np.exp(-np.asarray(x)))

    d_loss = np.mean(-np.log(probability([2.0, -1.0])))
    d_loss += np.mean(-np.log(1 - probability([0.5, -3.0])))
    g_loss = np.mean(-np.log(probability([0.5, -3.0])))
    np.testing.assert_allclose(
        losses.discriminator_loss(real, fake), d_loss, rtol=1e-6
    )
    np.testing.assert_allclose(losses.generator_loss(fake), g_loss, rtol=1e-6)


def test_extreme_logits_stay_finite_and_keep_their_gradients():
    extreme = logits(-1e4, 1e4)
    with tf.GradientTape() as tape:
        tape.watch(extreme)
        loss = losses.generator_loss(extreme)
    assert loss.numpy() == pytest.approx(5e3)
    np.testing.assert_allclose(tape.gradient(loss, extreme), [[-0.5], [0.0]])


def test_smoothing_changes_the_real_target_only():
    real, fake = logits(1.0), logits(-2.0)
    plain = losses.discriminator_loss(real, fake)
    smooth = losses.discriminator_loss(real, fake, label_smoothing=0.1)
    # Cross-entropy is linear in its target: d/dt = -logit.
    np.testing.assert_allclose(smooth - plain, 0.1 * 1.0, rtol=1e-5)


@pytest.mark.parametrize(
    "loss, real, fake, d_loss, g_loss",
    [
        ("hinge", [0.0, 0.0], [0.0, 0.0], 2.0, 0.0),
        ("hinge", [2.0, 0.5], [-3.0, -0.5], 0.25 + 0.25, 1.75),
        ("hinge", [-1e4], [1e4], 2e4 + 2, -1e4),
        ("relativistic", [3.0, 1.0], [3.0, 1.0], np.log(2), np.log(2)),
        (
            "relativistic",
            [2.0],
            [1.0],
            np.log1p(np.exp(-1.0)),
            np.log1p(np.exp(1.0)),
        ),
        ("relativistic", [1e4], [-1e4], 0.0, 2e4),
        ("cross_entropy", [0.0], [0.0], 2 * np.log(2), np.log(2)),
    ],
)
def test_losses_of_each_kind(loss, real, fake, d_loss, g_loss):
    real, fake = logits(*real), logits(*fake)
    found = losses.compute_discriminator_loss(loss, real, fake)
    assert found.numpy() == pytest.approx(d_loss, rel=1e-6)
    found = losses.compute_generator_loss(loss, real, fake)
    assert found.numpy() == pytest.approx(g_loss, rel=1e-6)


def test_the_penalty_is_the_mean_squared_gradient():
    """D(x) is a sum of squares over pixels, whose gradient is 2x."""
    images = tf.random.stateless_uniform((3, 4, 4, 2), (0, 0), -1.0)
    scale = tf.constant(3.0)

    def judge(images):
        return scale * tf.reduce_sum(images**2, axis=(1, 2, 3))[:, None]

    with tf.GradientTape() as tape:
        tape.watch(scale)
        found, penalty = losses.judge_with_penalty(judge, images)
    expected = 36 * np.mean(np.sum(images.numpy() ** 2, axis=(1, 2, 3)))
    np.testing.assert_allclose(found, judge(images))
    np.testing.assert_allclose(penalty, expected, rtol=1e-5)
    # It is of the square of the scale.
    np.testing.assert_allclose(
        tape.gradient(penalty, scale), 2 * expected / 3, rtol=1e-5
    )
