"""A trained run, and a generator that is linear by construction."""

import dataclasses

import keras
import pytest

from dcgan_tf.analysis.samples import load_unconditional_model
from dcgan_tf.runs.trained_model import TrainedModel


@pytest.fixture(scope="session")
def trained(toy_run):
    return load_unconditional_model(toy_run)


@pytest.fixture(scope="session")
def linear_model(trained):
    """Its G shows a latent's numbers as pixels, side by side."""
    latent_dim = 20
    generator = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            keras.layers.Rescaling(0.3),
            keras.layers.Reshape((1, latent_dim, 1)),
        ]
    )
    model = dataclasses.replace(trained.config.model, latent_dim=latent_dim)
    config = dataclasses.replace(trained.config, model=model)
    return TrainedModel(
        "linear", config, 1, trained.trained_discriminator, generator
    )
