"""A trained subject, and a generator that is linear by construction."""

import dataclasses

import keras
import pytest

from dcgan_tf.analysis.subject import Subject, load_subject


@pytest.fixture(scope="session")
def subject(toy_run):
    return load_subject(toy_run)


@pytest.fixture(scope="session")
def linear_subject(subject):
    """Its G shows a latent's numbers as pixels, side by side."""
    latent_dim = 20
    generator = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            keras.layers.Rescaling(0.3),
            keras.layers.Reshape((1, latent_dim, 1)),
        ]
    )
    model = dataclasses.replace(subject.config.model, latent_dim=latent_dim)
    config = dataclasses.replace(subject.config, model=model)
    return Subject("linear", config, 1, generator, subject.discriminator)
