"""The fast layers beside Keras's own, in float32, float64 and bfloat16."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.models import convolutions, layers

# Sides, channels in and out, kernel, stride: on both sides of each limit
# between formulations, with odd sizes, rectangles and single channels.
CONVOLUTIONS = [
    ((8, 8), 4, 6, 5, 2),
    ((16, 16), 3, 5, 5, 2),
    ((20, 20), 5, 8, 5, 2),
    ((6, 10), 1, 4, 4, 2),
    ((12, 6), 2, 3, 3, 3),
    ((7, 5), 3, 4, 3, 1),
    ((8, 8), 6, 2, 7, 2),
    ((8, 8), 2, 3, 2, 2),
]
BATCH_SIZE = 3


def run_layer(layer, inputs, weights, upstream, dtype):
    """Returns outputs, input gradient and weight gradients, in float64."""
    x = tf.cast(inputs, dtype)
    if not layer.built:
        layer.build(x.shape)
    layer.set_weights(weights)

    @tf.function
    def run(x, upstream):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
            loss = tf.reduce_sum(tf.cast(y, upstream.dtype) * upstream)
        variables = [v.value for v in layer.trainable_variables]
        return y, *tape.gradient(loss, [x, *variables])

    results = run(x, tf.cast(upstream, x.dtype))
    return [tf.cast(r, tf.float64).numpy() for r in results]


def assert_close(actual, expected, tolerance):
    """Compares to within a fraction of the largest entry."""
    for a, e in zip(actual, expected, strict=True):
        assert a.shape == e.shape
        scale = max(np.abs(e).max(), 1e-3)
        np.testing.assert_allclose(a / scale, e / scale, atol=tolerance)


def make_case(keras_class, sides, inputs, arguments, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(BATCH_SIZE, *sides, inputs))
    reference = keras_class(**arguments, dtype="float64")
    reference.build(x.shape)
    weights = [rng.normal(size=w.shape) for w in reference.weights]
    upstream = rng.normal(size=reference(x).shape)
    return reference, x, weights, upstream


@pytest.mark.parametrize("name", ["Conv2D", "Conv2DTranspose"])
@pytest.mark.parametrize("case", CONVOLUTIONS, ids=str)
def test_convolutions_match_keras(name, case):
    sides, inputs, outputs, kernel_size, stride = case
    if name == "Conv2DTranspose":
        sides = tuple(side // stride for side in sides)
        inputs, outputs = outputs, inputs
    arguments = dict(
        filters=outputs, kernel_size=kernel_size, strides=stride, padding="same"
    )
    keras_class = getattr(keras.layers, name)
    reference, *values = make_case(keras_class, sides, inputs, arguments)
    exact = run_layer(reference, *values, "float64")
    plain = run_layer(keras_class(**arguments), *values, "float32")
    fast = run_layer(getattr(layers, name)(**arguments), *values, "float32")
    assert_close(fast, exact, 1e-5)
    assert_close(fast, plain, 1e-4)
    policy = keras.DTypePolicy("mixed_bfloat16")
    mixed = getattr(layers, name)(**arguments, dtype=policy)
    assert_close(run_layer(mixed, *values, "bfloat16"), exact, 3e-2)
