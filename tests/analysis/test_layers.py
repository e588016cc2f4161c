"""Layers by name, and what they give, batch by batch."""

import keras
import numpy as np
import pytest

from dcgan_tf.analysis.layers import compute_maps, run_layers


def test_layers_run_as_in_use_whatever_their_number_of_values():
    """Batch norm and dropout do in training what they don't in use."""
    network = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            keras.layers.Conv2D(3, 3, padding="same"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.LeakyReLU(0.2),
        ]
    )
    values = np.random.default_rng(0).normal(size=(150, 6, 6, 2))
    gains = np.array([0.0, 2.0])
    expected = network(values * gains, training=False)
    found = run_layers(network.layers, values, gains)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_layers_without_maps_are_refused(trained):
    with pytest.raises(ValueError, match="no feature maps; use one of"):
        compute_maps(trained.generator, "project", trained.sample_latents(1))
