import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf import images as image_ops
from dcgan_tf.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from dcgan_tf.training.state import build_training_state
from dcgan_tf.training.step import GradientTapeStep

MODEL = ModelConfig((16, 16), 1, latent_dim=8, base_filters=8)


def make_config(model=MODEL, **training):
    training = {"batch_size": 16, "seed": 1, **training}
    return RunConfig(model, DataConfig(), TrainingConfig(**training))


def make_step(config, precision="float32", augment=None):
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    with strategy.scope():
        state = build_training_state(config, precision)
    return state, GradientTapeStep(state, config, strategy, augment)


def draw_halves(count, seed=0):
    """Left half black, right half of some brightness: a law to learn."""
    rng = np.random.default_rng(seed)
    pictures = np.zeros((count, 16, 16, 1), np.uint8)
    pictures[:, :, 8:] = rng.integers(150, 256, (count, 1, 1, 1))
    return image_ops.to_float(pictures)


def weights_of(model):
    return [weight.numpy() for weight in model.trainable_variables]


def test_update_is_adams_first_step_on_the_papers_losses():
    """Against the losses written out and Adam's first step by hand."""
    config = make_config(ema_decay=0.0)
    state, step = make_step(config)
    images = draw_halves(16)
    latents = np.random.default_rng(0).uniform(-1, 1, (16, 8))
    latents = latents.astype(np.float32)
    with tf.GradientTape(persistent=True) as tape:
        fakes = state.generator(latents, training=True)
        real = state.discriminator(images, training=True)
        fake = state.discriminator(fakes, training=True)
        d_loss = tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(
            tf.nn.softplus(fake)
        )
        g_loss = tf.reduce_mean(tf.nn.softplus(-fake))
    expected = {}
    for name, loss in (("generator", g_loss), ("discriminator", d_loss)):
        weights = getattr(state, name).trainable_variables
        gradients = tape.gradient(loss, [w.value for w in weights])
        expected[name] = [
            (w.numpy(), g.numpy())
            for w, g in zip(weights, gradients, strict=True)
        ]
    measures = step.update(images, latents)
    np.testing.assert_allclose(measures["d_loss"], d_loss, rtol=1e-5)
    np.testing.assert_allclose(measures["g_loss"], g_loss, rtol=1e-5)
    np.testing.assert_allclose(
        measures["d_real"], tf.reduce_mean(tf.sigmoid(real)), rtol=1e-5
    )
    for name, pairs in expected.items():
        for (before, gradient), after in zip(
            pairs, weights_of(getattr(state, name)), strict=True
        ):
            # Adam's first step is the gradient's sign times the rate; where
            # the gradient is nearly 0, its sign is rounding's.
            clear = np.abs(gradient) > 1e-4
            assert clear.any()
            moved = (before - after)[clear]
            np.testing.assert_allclose(
                moved, 2e-4 * np.sign(gradient[clear]), atol=2e-5
            )


def test_training_learns():
    """The mean picture gets at least twice as close to the real one."""
    state, step = make_step(make_config(learning_rate=2e-3, batch_size=32))
    images = draw_halves(512)
    rng = np.random.default_rng(0)
    latents = rng.uniform(-1, 1, (128, 8)).astype(np.float32)

    def compute_gap():
        fakes = state.generator(latents, training=True)
        gap = tf.reduce_mean(fakes, 0) - tf.reduce_mean(images, 0)
        return float(tf.reduce_mean(tf.abs(gap)))

    before = compute_gap()
    for _ in range(200):
        step.train_step(tf.gather(images, rng.integers(0, 512, 32)))
    assert compute_gap() < before / 2
    assert int(state.step) == 200


def test_latents_follow_seed_and_step():
    def losses_of(seed, steps):
        _, step = make_step(make_config(seed=seed))
        images = draw_halves(16)
        return [float(step.train_step(images)["g_loss"]) for _ in range(steps)]

    first = losses_of(1, 2)
    np.testing.assert_allclose(losses_of(1, 2), first, rtol=1e-4)
    assert losses_of(2, 1)[0] != first[0]


def test_averages_start_fast_and_lag_the_weights():
    config = make_config(ema_decay=0.99)
    state, step = make_step(config)
    pairs = (
        (state.averaged_generator, state.generator),
        (state.averaged_discriminator, state.discriminator),
    )
    wanted = [weights_of(average) for average, _ in pairs]
    images = draw_halves(16)
    for count in (1, 2):
        step.train_step(images)
        decay = min(0.99, (1 + count) / (10 + count))
        for i, (average, model) in enumerate(pairs):
            wanted[i] = [
                decay * a + (1 - decay) * w
                for a, w in zip(wanted[i], weights_of(model), strict=True)
            ]
            for got, expected in zip(
                weights_of(average), wanted[i], strict=True
            ):
                np.testing.assert_allclose(got, expected, atol=1e-6)


def test_weight_decay_pulls_on_every_parameter():
    pulled = {}
    for decay in (0.0, 100.0):
        state, step = make_step(make_config(weight_decay=decay))
        before = weights_of(state.discriminator)
        step.train_step(draw_halves(16))
        after = weights_of(state.discriminator)
        pulled[decay] = np.mean(
            [
                np.mean(np.sign(b - a) == np.sign(b))
                for b, a in zip(before, after, strict=True)
                if np.all(b)
            ]
        )
    # So strong a decay decides the sign of Adam's step nearly everywhere.
    assert pulled[100.0] > 0.95 > 0.7 > pulled[0.0]


def test_label_smoothing_reaches_the_loss():
    images, latents = draw_halves(16), np.zeros((16, 8), np.float32)
    losses = []
    for smoothing in (0.0, 0.5):
        _, step = make_step(make_config(label_smoothing=smoothing))
        losses.append(float(step.update(images, latents)["d_loss"]))
    assert losses[0] != losses[1]


def test_augmentation_sees_real_and_generated_images():
    calls = []

    def augment(images, seed):
        calls.append(images.shape)
        return images * 0.0

    _, step = make_step(make_config(), augment=augment)
    measures = step.update(draw_halves(16), np.ones((16, 8), np.float32))
    assert len(calls) == 2
    # D can't tell blank images apart.
    np.testing.assert_allclose(
        measures["d_real"], measures["d_fake"], atol=1e-6
    )


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_trains_float32_weights(precision):
    state, step = make_step(make_config(), precision)
    before = weights_of(state.generator)
    images = draw_halves(16)
    for _ in range(3):
        measures = step.train_step(images)
    assert all(np.isfinite(float(value)) for value in measures.values())
    assert all(w.dtype == np.float32 for w in before)
    if precision == "mixed_float16":
        optimizer = state.generator_optimizer
        assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    assert any(
        not np.array_equal(a, b)
        for a, b in zip(before, weights_of(state.generator), strict=True)
    )


def test_conditional_step_trains_on_labels():
    model = dataclasses.replace(MODEL, num_classes=4)
    state, step = make_step(make_config(model))
    before = state.generator.get_layer("project").kernel.numpy()
    labels = tf.range(16) % 4
    measures = step.train_step(draw_halves(16), labels)
    after = state.generator.get_layer("project").kernel.numpy()
    assert np.isfinite(float(measures["g_loss"]))
    # The label's rows of the projection moved too.
    assert np.all(np.any(before[8:] != after[8:], axis=1))
