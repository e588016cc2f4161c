"""A batch in parts: the whole batch's gradients, for less memory."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.presets import resolve_run_config
from dcgan_tf.training.accumulation import Computed, compute_in_parts
from dcgan_tf.training.distribution.replica_share import draw_share
from dcgan_tf.training.families import Batch
from dcgan_tf.training.state import build_training_state
from dcgan_tf.training.step import GradientTapeStep

FAMILIES = {
    "dcgan": {"base_filters": 2, "latent_dim": 4},
    "gan": {"hidden_units": 5, "latent_dim": 4},
    "lapgan": {"hidden_units": 5, "base_filters": 2},
}
# What is random or of an image's neighbours, and has no batch norm.
NO_NORM = {
    "dcgan": {
        "discriminator_batch_norm": False, "spectral_norm": True,
        "r1_weight": 1.0, "r2_weight": 0.5,
    },
    "gan": {},
    "lapgan": {},
}  # fmt: skip


def make_config(family, **settings):
    return resolve_run_config(
        {
            "family": family, "image_size": (16, 16), "batch_size": 8,
            "seed": 3, "ema_decay": 0.0, **FAMILIES[family], **settings,
        }
    )  # fmt: skip


def draw_batch(config):
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (8, 16, 16, 1)).astype(np.float32)
    latents = rng.uniform(-1, 1, (8, config.model.latent_dim))
    return tf.constant(images), tf.constant(latents, tf.float32)


def find_gradients(config, precision="float32", is_graph=False):
    """An update's gradients of both networks, and what it measures."""
    state = build_training_state(config, precision)
    for model in (state.generator, state.discriminator):
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False  # No image depends on the others.
    changes = {}
    for name in ("generator", "discriminator"):
        optimizer = keras.optimizers.SGD(1.0)
        if precision == "mixed_float16":
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer, 128.0)
        optimizer.build(getattr(state, name).trainable_variables)
        changes[f"{name}_optimizer"] = optimizer
    state = dataclasses.replace(state, **changes)
    weights = [
        *state.generator.trainable_variables,
        *state.discriminator.trainable_variables,
    ]
    before = [w.numpy() for w in weights]
    update = GradientTapeStep(state, config).update
    if is_graph:
        update = tf.function(update, autograph=False)
    measures = update(*draw_batch(config), seed=(1, 2), is_penalised=True)
    gradients = [b - w.numpy() for b, w in zip(before, weights, strict=True)]
    return gradients, measures


def assert_same_gradients(
    config, num_parts, tolerance, precision="float32", is_graph=False
):
    training = dataclasses.replace(config.training, accumulate=num_parts)
    parts = dataclasses.replace(config, training=training)
    expected, measures = find_gradients(config, precision)
    found, found_measures = find_gradients(parts, precision, is_graph)
    assert any(np.any(gradient) for gradient in expected)
    for got, wanted in zip(found, expected, strict=True):
        scale = np.abs(wanted).max() + 1e-3
        np.testing.assert_allclose(got / scale, wanted / scale, atol=tolerance)
    assert found_measures.keys() == measures.keys()
    for name, value in measures.items():
        np.testing.assert_allclose(
            found_measures[name], value, rtol=10 * tolerance, err_msg=name
        )


@pytest.mark.parametrize(
    ("family", "updates", "loss"),
    [
        ("dcgan", "joint", "hinge"),
        ("dcgan", "alternating", "cross_entropy"),
        ("dcgan", "alternating", "relativistic"),
        ("gan", "joint", "relativistic"),
        ("gan", "alternating", "cross_entropy"),
        ("lapgan", "alternating", "hinge"),
    ],
)
def test_without_batch_norm_parts_give_the_whole_batchs_gradients(
    family, updates, loss
):
    """Each image has its latent, augmentation, masks and partner."""
    config = make_config(
        family,
        updates=updates,
        loss=loss,
        diff_augment=True,
        weight_decay=0.1,
        **NO_NORM[family],
    )
    assert_same_gradients(config, 2, 2e-5)


def test_parts_in_a_loop_of_the_graph_give_the_same_gradients():
    """More than two, and penalties of gradients in it."""
    config = make_config("dcgan", discriminator_batch_norm=False, r1_weight=1.0)
    assert_same_gradients(config, 4, 2e-5, is_graph=True)


def test_parts_are_added_up_under_a_loss_scale():
    config = make_config("gan", weight_decay=0.1)
    assert_same_gradients(config, 2, 2e-2, "mixed_float16")


@pytest.mark.parametrize(
    ("updates", "loss"),
    [("joint", "relativistic"), ("alternating", "cross_entropy")],
)
def test_networks_with_batch_norm_train_in_parts(updates, loss):
    config = make_config(
        "dcgan", accumulate=2, updates=updates, loss=loss, diff_augment=True
    )
    state = build_training_state(config, "float32")
    step = GradientTapeStep(state, config)
    weights = [
        *state.generator.trainable_variables,
        *state.discriminator.trainable_variables,
    ]
    before = [w.numpy() for w in weights]
    for seed in range(2):
        measures = step.update(*draw_batch(config), seed=(seed, 0))
        assert all(np.isfinite(value) for value in measures.values())
    for old, weight in zip(before, weights, strict=True):
        assert np.any(old != weight.numpy())


def test_batch_norm_sees_the_parts():
    """Its moving statistics move with each, here of G's first layer."""
    config = make_config("dcgan", accumulate=2)
    state = build_training_state(config, "float32")
    kernel = state.generator.get_layer("project").kernel.numpy()
    images, latents = draw_batch(config)
    GradientTapeStep(state, config).update(images, latents)
    norm = state.generator.get_layer("project_norm")
    mean, variance = 0.0, 1.0
    for index in range(2):
        values = latents[index::2].numpy() @ kernel
        values = values.reshape(-1, norm.moving_mean.shape[0])
        mean = 0.9 * mean + 0.1 * values.mean(axis=0)
        variance = 0.9 * variance + 0.1 * values.var(axis=0)
    np.testing.assert_allclose(norm.moving_mean, mean, atol=1e-6)
    np.testing.assert_allclose(norm.moving_variance, variance, rtol=1e-5)


def list_ancestors(operation):
    found, left = set(), [operation]
    while left:
        operation = left.pop()
        sources = [tensor.op for tensor in operation.inputs]
        for source in sources + list(operation.control_inputs):
            if source not in found:
                found.add(source)
                left.append(source)
    return found


def test_where_replicas_meet_a_part_waits_for_the_one_before():
    """So that one part's activations are gone when the next one's come.

    Elsewhere parts are a loop's, in which they do by themselves.
    """
    variable = tf.Variable(tf.ones((4, 4)))

    def compute(part):
        with tf.name_scope("part"):
            noise = draw_share(lambda n: tf.ones((n, 4)), 2)
            maps = part.images @ tf.identity(variable) + noise
            return Computed({"sum": tf.reduce_sum(maps)}, maps)

    @tf.function(autograph=False)
    def run(images, before):
        batch = Batch(images, images, None, lambda x, seed: x)
        return compute_in_parts(
            compute, batch, 3, after=[before * 2.0], replicas_meet=True
        )

    concrete = run.get_concrete_function(
        tf.TensorSpec((6, 4)), tf.TensorSpec(())
    )
    operations = concrete.graph.get_operations()
    waits = next(op for op in operations if op.type == "Mul")
    parts = [
        [
            op
            for op in operations
            if op.name.startswith(scope) and op.type != "Placeholder"
        ]
        for scope in ("part/", "part_1/", "part_2/")
    ]
    for part in parts:
        assert {"MatMul", "ReadVariableOp"} <= {op.type for op in part}
        for operation in part:
            assert waits in list_ancestors(operation), operation.name
        waits = next(op for op in part if op.type == "Sum")


@pytest.mark.parametrize("replicas_meet", [False, True])
def test_rows_and_sums_are_the_batchs(replicas_meet):
    images = tf.reshape(tf.range(12.0), (6, 2))
    batch = Batch(images, images, None, lambda x, seed: x)
    draws = []

    def compute(part):
        draws.append(draw_share(tf.range, 2))
        return Computed([tf.reduce_sum(part.images)], part.images)

    (total,), rows = compute_in_parts(
        compute, batch, 3, replicas_meet=replicas_meet
    )
    assert total == np.arange(12).sum()
    np.testing.assert_array_equal(
        sorted(map(tuple, rows.numpy())), images.numpy()
    )
    np.testing.assert_array_equal(draws, [[0, 3], [1, 4], [2, 5]])


def test_a_batch_that_does_not_divide_is_refused_while_tracing():
    config = make_config("dcgan", accumulate=4)
    state = build_training_state(config, "float32")
    step = GradientTapeStep(state, config)
    with pytest.raises(ValueError, match="6 images .* one of 1, 2, 3, 6"):
        step.train_step(tf.zeros((6, 16, 16, 1)))
