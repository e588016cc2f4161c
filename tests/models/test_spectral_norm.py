"""Spectral normalisation: of the kernel, of its gradient, and folded away."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.config import ModelConfig
from dcgan_tf.models.discriminator import build_discriminator
from dcgan_tf.models.spectral_norm import (
    SpectralConv2D,
    SpectralDense,
    fold_spectral_norm,
    iterate_power,
)

MODEL = ModelConfig(
    (16, 16), 1, 4, 4, spectral_norm=True, discriminator_batch_norm=False
)


def draw_images(count=4):
    images = np.random.default_rng(0).uniform(-1, 1, (count, 16, 16, 1))
    return tf.constant(images, tf.float32)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_the_largest_singular_value_becomes_one(dtype):
    network = build_discriminator(MODEL, dtype, seed=2)
    layers = [x for x in network.layers if hasattr(x, "singular_vector")]
    assert [type(x) for x in layers] == [
        SpectralConv2D,
        SpectralConv2D,
        SpectralDense,
    ]
    iterate_power(network, 200)
    for layer in layers:
        matrix = np.reshape(layer.kernel, (-1, layer.kernel.shape[-1]))
        largest = np.linalg.svd(matrix, compute_uv=False)[0]
        assert largest == pytest.approx(1, rel=1e-3)
    assert network(draw_images()).dtype == tf.float32


def test_gradients_pass_through_the_division():
    """Of `u W v` with fixed u and v, as in Miyato et al., equation 9."""
    layer = SpectralDense(3, use_bias=False)
    layer.build((None, 5))
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(5, 3)).astype(np.float32)
    layer._kernel.assign(weights)
    inputs = rng.normal(size=(2, 5)).astype(np.float32)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(inputs) ** 2)
    (found,) = tape.gradient(loss, [layer._kernel.value])
    vector = np.full(3, 3**-0.5, np.float32)
    gain = np.linalg.norm(weights @ vector)
    left = weights @ vector / gain
    normalised = weights / gain
    upstream = inputs.T @ (2 * inputs @ normalised)
    expected = upstream / gain
    expected -= np.sum(upstream * normalised) / gain * np.outer(left, vector)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_calling_a_layer_does_not_move_its_singular_vector():
    network = build_discriminator(MODEL)
    layer = network.get_layer("conv_1")
    before = layer.singular_vector.numpy()
    network(draw_images(), training=True)
    np.testing.assert_array_equal(layer.singular_vector, before)
    iterate_power(network)
    assert np.any(layer.singular_vector != before)


@pytest.mark.parametrize(
    "changes", [{}, {"discriminator_batch_norm": True}, {"num_classes": 3}]
)
def test_folded_it_is_a_plain_network_with_the_same_logits(changes):
    config = dataclasses.replace(MODEL, **changes)
    normalised = build_discriminator(config, seed=2)
    for layer in normalised.layers:
        if getattr(layer, "use_bias", False):
            layer.bias.assign(np.linspace(-1, 1, layer.bias.shape[0]))
    plain = build_discriminator(config.plain)
    fold_spectral_norm(normalised, plain)
    inputs = draw_images()
    if config.num_classes:
        inputs = [inputs, tf.range(4) % 3]
    np.testing.assert_allclose(
        plain(inputs), normalised(inputs), rtol=1e-4, atol=1e-6
    )
    assert not any(hasattr(x, "singular_vector") for x in plain.layers)


def test_it_is_saved_as_it_is_trained(tmp_path):
    network = build_discriminator(MODEL, seed=2)
    iterate_power(network, 3)
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    for one, other in zip(network.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_without_batch_norm_convolutions_have_biases():
    network = build_discriminator(MODEL.plain)
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds == ["Conv2D", "LeakyReLU"] * 2 + ["Flatten", "Dense"]
    assert network.get_layer("conv_2").use_bias
    assert not network.get_layer("logit").use_bias
