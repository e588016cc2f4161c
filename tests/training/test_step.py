import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf import images as image_ops
from dcgan_tf import losses
from dcgan_tf.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from dcgan_tf.models.spectral_norm import iterate_power
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


@pytest.mark.parametrize("num_classes", [0, 3])
def test_alternating_updates_are_the_authors_order(num_classes):
    """Against D's step, and then G's through the updated D, written out."""
    rng = np.random.default_rng(0)
    images = draw_halves(16)
    labels = [tf.range(16) % num_classes] if num_classes else []
    draws = tf.constant(rng.uniform(-1, 1, (2, 16, 8)), tf.float32)
    model = dataclasses.replace(MODEL, num_classes=num_classes)
    config = make_config(model, ema_decay=0.0, updates="alternating")
    expected, _ = make_step(config)

    def run(network, values):
        inputs = [values, *labels] if labels else values
        return getattr(expected, network)(inputs, training=True)

    def apply(network, tape, loss):
        weights = getattr(expected, network).trainable_variables
        gradients = tape.gradient(loss, [w.value for w in weights])
        getattr(expected, f"{network}_optimizer").apply(gradients, weights)

    fakes = run("generator", draws[0])
    with tf.GradientTape() as tape:
        real = run("discriminator", images)
        fake = run("discriminator", fakes)
        d_loss = losses.discriminator_loss(real, fake)
    apply("discriminator", tape, d_loss)
    with tf.GradientTape() as tape:
        fake = run("discriminator", run("generator", draws[1]))
        g_loss = losses.generator_loss(fake)
    apply("generator", tape, g_loss)

    state, step = make_step(config)
    measures = step.update(
        images, draws[0], *labels, generator_latents=draws[1]
    )
    np.testing.assert_allclose(measures["d_loss"], d_loss, rtol=1e-6)
    np.testing.assert_allclose(measures["g_loss"], g_loss, rtol=1e-6)
    before, _ = make_step(config)
    joint, joint_step = make_step(
        make_config(model, ema_decay=0.0, updates="joint")
    )
    joint_step.update(images, draws[0], *labels)
    for network in ("generator", "discriminator"):
        moved = False
        for got, wanted, old in zip(
            weights_of(getattr(state, network)),
            weights_of(getattr(expected, network)),
            weights_of(getattr(before, network)),
            strict=True,
        ):
            np.testing.assert_allclose(got, wanted, atol=1e-7)
            moved = moved or np.any(old != got)
        assert moved
    assert any(
        np.any(np.abs(one - other) > 1e-5)
        for one, other in zip(
            weights_of(state.generator),
            weights_of(joint.generator),
            strict=True,
        )
    )


# Of D without batch norm, so that what is compared is what is written out.
CHOSEN = {"spectral_norm": True, "discriminator_batch_norm": False}


@pytest.mark.parametrize("updates", ["joint", "alternating"])
@pytest.mark.parametrize("loss", ["hinge", "relativistic"])
def test_chosen_losses_and_penalties_are_minimised(loss, updates):
    """Against one update written out, its penalty counted 16 times."""
    images = draw_halves(16)
    latents = np.random.default_rng(0).uniform(-1, 1, (16, 8))
    latents = tf.constant(latents, tf.float32)
    config = make_config(
        dataclasses.replace(MODEL, **CHOSEN),
        ema_decay=0.0,
        loss=loss,
        updates=updates,
        r1_weight=0.5,
        r2_weight=0.25,
        learning_rate=1e-3,
        discriminator_learning_rate=2e-3,
    )
    expected, _ = make_step(config)
    g_optimizer, d_optimizer = (
        expected.generator_optimizer,
        expected.discriminator_optimizer,
    )
    assert float(g_optimizer.learning_rate) == pytest.approx(1e-3)
    assert float(d_optimizer.learning_rate) == pytest.approx(2e-3)
    iterate_power(expected.discriminator)

    def judge(images):
        return expected.discriminator(images, training=True)

    def penalise(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            logits = judge(images)
        gradient = tape.gradient(logits, images)
        return tf.reduce_mean(tf.reduce_sum(gradient**2, axis=(1, 2, 3)))

    def compute_g_loss():
        fakes = expected.generator(latents, training=True)
        real, fake = judge(images), judge(fakes)
        if loss == "hinge":
            return -tf.reduce_mean(fake)
        return tf.reduce_mean(tf.nn.softplus(real - fake))

    def find_gradients(model, tape, loss):
        weights = [w.value for w in model.trainable_variables]
        return tape.gradient(loss, weights)

    fakes = expected.generator(latents, training=True)
    with tf.GradientTape() as tape:
        real, fake = judge(images), judge(fakes)
        if loss == "hinge":
            d_loss = tf.reduce_mean(tf.nn.relu(1 - real)) + tf.reduce_mean(
                tf.nn.relu(1 + fake)
            )
        else:
            d_loss = tf.reduce_mean(tf.nn.softplus(fake - real))
        penalty = 0.5 * penalise(images) + 0.25 * penalise(fakes)
        minimised = d_loss + 16 / 2 * penalty
    d_gradients = find_gradients(expected.discriminator, tape, minimised)
    d_weights = expected.discriminator.trainable_variables
    if updates == "alternating":
        d_optimizer.apply(d_gradients, d_weights)
    with tf.GradientTape() as tape:
        g_loss = compute_g_loss()
    g_gradients = find_gradients(expected.generator, tape, g_loss)
    g_optimizer.apply(g_gradients, expected.generator.trainable_variables)
    if updates == "joint":
        d_optimizer.apply(d_gradients, d_weights)

    state, step = make_step(config)
    measures = step.update(images, latents, is_penalised=True)
    np.testing.assert_allclose(measures["d_loss"], d_loss, rtol=1e-5)
    np.testing.assert_allclose(measures["g_loss"], g_loss, rtol=1e-5)
    for network in ("generator", "discriminator"):
        for got, wanted in zip(
            weights_of(getattr(state, network)),
            weights_of(getattr(expected, network)),
            strict=True,
        ):
            # Adam's first step turns rounding of gradients near 0 around.
            close = np.abs(got - wanted) < 1e-5
            assert np.mean(close) > 0.99


def test_gradients_are_penalised_every_so_many_steps(monkeypatch):
    """Also where the run is resumed between two penalties."""
    config = make_config(r1_weight=1.0, penalty_every=3)
    for start, expected in ((0, [1, 0, 0, 1]), (2, [0, 1, 0, 0])):
        state, step = make_step(config)
        state.step.assign(start)
        seen = []

        def note(images, labels, is_penalised, seen=seen, state=state):
            seen.append(is_penalised)
            state.step.assign_add(1)

        monkeypatch.setattr(step, "_train_step", note)
        for _ in range(4):
            step.train_step(draw_halves(4))
        assert seen == expected


def test_adapted_augmentation_is_reported_and_saved():
    config = make_config(
        diff_augment=True, diff_augment_target=0.5, batch_size=8_000
    )
    state, step = make_step(config)
    step._augment = lambda images, seed: images
    # D takes all for real: its last activations are positive on average.
    state.discriminator.get_layer("logit").kernel.assign(
        tf.ones_like(state.discriminator.get_layer("logit").kernel)
    )
    probabilities = []
    for _ in range(5):
        measures = step.train_step(draw_halves(8))
        assert measures["real_sign"] == 1.0
        probabilities.append(float(measures["augment_probability"]))
    assert "augment_probability" in state.trackables()
    change = 4 * 8_000 / 100_000
    assert probabilities == [0.0] * 4 + [pytest.approx(change)]
    assert "augment_probability" not in make_step(make_config())[0].trackables()


@pytest.mark.parametrize("warmup", [9.0, 2.0])
def test_averages_are_over_a_fraction_of_the_first_steps(warmup):
    config = make_config(ema_decay=0.9999, ema_warmup=warmup)
    state, step = make_step(config)
    average = state.averaged_generator.get_layer("project").kernel
    before = average.numpy()
    step.train_step(draw_halves(4))
    weight = state.generator.get_layer("project").kernel.numpy()
    kept = 2.0 / (2.0 + warmup)
    expected = kept * before + (1 - kept) * weight
    np.testing.assert_allclose(average, expected, atol=1e-7)


def test_alternating_updates_draw_latents_of_their_own():
    _, step = make_step(make_config(updates="alternating"))
    step.update = lambda images, latents, labels, seed, other, is_penalised: (
        latents,
        other,
    )
    latents, others = step._replica_step(draw_halves(4), None)
    assert not np.any(np.isclose(latents, others).all(axis=1))


def test_training_learns():
    """The mean image gets at least twice as close to the real one."""
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


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_label_smoothing_reaches_the_loss(smoothing):
    """Against the smoothed loss written out from the same logits."""
    images, latents = draw_halves(16), np.zeros((16, 8), np.float32)
    state, step = make_step(make_config(label_smoothing=smoothing))
    fakes = state.generator(latents, training=True)
    real = state.discriminator(images, training=True)
    fake = state.discriminator(fakes, training=True)
    expected = tf.reduce_mean(
        (1 - smoothing) * tf.nn.softplus(-real)
        + smoothing * tf.nn.softplus(real)
    ) + tf.reduce_mean(tf.nn.softplus(fake))
    measures = step.update(images, latents)
    np.testing.assert_allclose(measures["d_loss"], expected, rtol=1e-5)


class PlainDescent(keras.optimizers.SGD):
    """SGD at rate 1: a step's change is its gradient, sign apart."""

    def __init__(self):
        super().__init__(learning_rate=1.0)


def measure_change(precision, decay, loss_scale, is_graph=False):
    """One step's change of every weight, by plain descent."""
    config = make_config(weight_decay=decay, ema_decay=0.0)
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    with strategy.scope():
        state = build_training_state(config, precision)
        changes = {}
        for name in ("generator", "discriminator"):
            optimizer = PlainDescent()
            if precision == "mixed_float16":
                optimizer = keras.optimizers.LossScaleOptimizer(
                    optimizer, initial_scale=loss_scale
                )
            optimizer.build(getattr(state, name).trainable_variables)
            changes[f"{name}_optimizer"] = optimizer
    state = dataclasses.replace(state, **changes)
    step = GradientTapeStep(state, config, strategy)
    networks = (state.generator, state.discriminator)
    before = [w for model in networks for w in weights_of(model)]
    images, latents = draw_halves(16), np.zeros((16, 8), np.float32)
    update = tf.function(step.update) if is_graph else step.update
    update(images, latents)
    after = [w for model in networks for w in weights_of(model)]
    return before, [b - a for b, a in zip(before, after, strict=True)]


@pytest.mark.parametrize("loss_scale", [1.0, 2.0**7, 2.0**15])
@pytest.mark.parametrize("decay", [2.5e-5, 0.1, 10.0])
def test_decay_is_not_divided_by_the_loss_scale(decay, loss_scale):
    """What decay adds to a float16 step is what it adds to a float32 one."""
    for precision in ("float32", "mixed_float16"):
        weights, plain = measure_change(precision, 0.0, loss_scale)
        _, decayed = measure_change(precision, decay, loss_scale)
        assert any(np.any(change) for change in plain)
        for weight, without, with_decay in zip(
            weights, plain, decayed, strict=True
        ):
            # To within a last place of the weight and of the change.
            size = np.abs(weight) + np.abs(with_decay) + np.abs(without)
            error = np.abs(with_decay - without - decay * weight)
            assert np.all(error <= 3e-7 * size + 1e-12)
            # Weights are large enough for decay to be seen; biases are 0.
            seen = decay * np.abs(weight) > 30e-7 * size
            assert np.any(seen) or decay < 1e-3 or not np.any(weight)


def test_decay_alone_shrinks_weights_alike_in_float16(monkeypatch):
    """With a loss of 0, a step is its decay, whatever the precision."""
    for name in ("discriminator_loss", "generator_loss"):
        loss = getattr(losses, name)
        monkeypatch.setattr(
            losses, name, lambda *args, loss=loss: 0.0 * loss(*args)
        )
    for precision in ("float32", "mixed_float16"):
        weights, changes = measure_change(precision, 2.5e-5, 2.0**15, True)
        for weight, change in zip(weights, changes, strict=True):
            np.testing.assert_allclose(
                change, 2.5e-5 * weight, rtol=0, atol=2e-7
            )
            assert np.any(np.abs(change) > 1e-7) or not np.any(weight)


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


@pytest.mark.parametrize("door", ["train_step", "update"])
@pytest.mark.parametrize(
    "num_classes, images, labels, problem",
    [
        (0, np.zeros((4, 16, 16, 1), np.uint8), None, "floats?.* got uint8"),
        (0, np.zeros((4, 16, 16, 1), np.int32), None, "floats?.* got int32"),
        (0, tf.zeros((4, 16, 16, 1), tf.uint8), None, "to_float"),
        (0, np.full((4, 16, 16, 1), 255.0), None, "from 255 to 255; scale"),
        (0, np.zeros((0, 16, 16, 1), np.float32), None, "got none"),
        (0, np.zeros((4, 16, 16, 1), np.float32), tf.range(4), "got labels"),
        (4, np.zeros((4, 16, 16, 1), np.float32), None, "and labels, got none"),
    ],
)  # fmt: skip
def test_wrong_batches_are_refused_in_words(
    num_classes, images, labels, problem, door
):
    model = dataclasses.replace(MODEL, num_classes=num_classes)
    state, step = make_step(make_config(model))
    before = weights_of(state.generator)
    latents = np.zeros((4, 8), np.float32)
    with pytest.raises(ValueError, match=problem) as error:
        if door == "update":
            step.update(images, latents, labels)
        else:
            step.train_step(images, labels)
    assert "\n" not in str(error.value)
    assert int(state.step) == 0
    for old, new in zip(before, weights_of(state.generator), strict=True):
        np.testing.assert_array_equal(old, new)
