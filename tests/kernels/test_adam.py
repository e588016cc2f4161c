"""The fused Adam beside Keras's own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.kernels.adam import Adam

SHAPES = [(5, 5, 3, 4), (7,)]


def train(make_optimizer, num_steps=6, strategy=None, gradient_scale=1.0):
    """Returns a built optimizer, its weights, and both after some steps.

    Each replica's gradients are the same; the learning rate halves midway.
    """
    strategy = strategy or tf.distribute.get_strategy()
    rng = np.random.default_rng(0)
    with strategy.scope():
        weights = [
            keras.Variable(rng.normal(size=shape).astype("float32"))
            for shape in SHAPES
        ]
        optimizer = make_optimizer(3e-3, 0.5, epsilon=1e-8)
        optimizer.build(weights)

    @tf.function
    def apply(gradients):
        def apply_on_replica():
            # Copied, since an all-reduce wants a tensor of the replica's own.
            optimizer.apply([tf.identity(g) for g in gradients], weights)

        strategy.run(apply_on_replica)

    for step in range(num_steps):
        if step == num_steps // 2:
            optimizer.learning_rate = 1.5e-3
        gradients = [
            tf.constant(rng.normal(size=s) * gradient_scale, tf.float32)
            for s in SHAPES
        ]
        apply(gradients)
    return optimizer, weights


def assert_same(actual, expected):
    for optimizer_part, expected_part in zip(actual, expected, strict=True):
        np.testing.assert_allclose(
            optimizer_part, expected_part, rtol=1e-5, atol=1e-7
        )


def read(optimizer, weights):
    return [
        tf.convert_to_tensor(v).numpy()
        for v in (*optimizer.variables, *weights)
    ]


def test_updates_match_keras():
    assert_same(read(*train(Adam)), read(*train(keras.optimizers.Adam)))


def test_two_replicas_sum_gradients(two_replicas):
    actual = train(Adam, strategy=two_replicas, gradient_scale=0.5)
    assert_same(read(*actual), read(*train(keras.optimizers.Adam)))
    for variable in actual[1]:
        first, second = two_replicas.experimental_local_results(variable.value)
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    "writer, reader",
    [(Adam, keras.optimizers.Adam), (keras.optimizers.Adam, Adam)],
)
def test_checkpoints_are_keras_ones(writer, reader, tmp_path):
    written, _ = train(writer)
    path = tf.train.Checkpoint(optimizer=written).write(str(tmp_path / "ckpt"))
    read_back, _ = train(reader, num_steps=0)
    status = tf.train.Checkpoint(optimizer=read_back).read(path)
    status.assert_consumed()
    assert_same(read(read_back, []), read(written, []))


def test_takes_keras_path_for_amsgrad():
    def make(cls):
        return lambda *args, **kwargs: cls(*args, amsgrad=True, **kwargs)

    assert_same(
        read(*train(make(Adam))), read(*train(make(keras.optimizers.Adam)))
    )


def test_works_inside_loss_scaling():
    def make(cls):
        return lambda *args, **kwargs: keras.optimizers.LossScaleOptimizer(
            cls(*args, **kwargs), initial_scale=8.0
        )

    assert_same(
        read(*train(make(Adam))), read(*train(make(keras.optimizers.Adam)))
    )
