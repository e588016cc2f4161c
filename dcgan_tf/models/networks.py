"""Both networks of a run: the one place that names a family's builders."""

from typing import NamedTuple

import keras

from dcgan_tf.config import ModelConfig
from dcgan_tf.models.discriminator import build_discriminator
from dcgan_tf.models.generator import build_generator


class Networks(NamedTuple):
    """A generator and its discriminator.

    Attributes:
        generator: From latents, and labels where it has classes, to images.
        discriminator: From images, and labels, to logits.
    """

    generator: keras.Model
    discriminator: keras.Model


def build_networks(
    config: ModelConfig, precision: str = "float32", seed: int = 0
) -> Networks:
    """Builds untrained networks, for training and for restoring into.

    Another family of networks joins here: a file beside this one that builds
    its generator and discriminator, and a branch on what `ModelConfig` calls
    it. Training, sampling, evaluation and export take what comes.

    Args:
        config: The networks' shape.
        precision: A Keras dtype policy.
        seed: Of the initial weights.

    Returns:
        Keras models, built.
    """
    return Networks(
        build_generator(config, precision, seed),
        build_discriminator(config, precision, seed),
    )
