"""Both networks of a run: the one place that names a family's builders."""

from collections.abc import Callable
from typing import NamedTuple

import keras

from dcgan_tf.config import ModelConfig
from dcgan_tf.models.discriminator import build_discriminator
from dcgan_tf.models.generator import build_generator
from dcgan_tf.models.laplacian_pyramid import (
    build_pyramid_discriminator,
    build_pyramid_generator,
)
from dcgan_tf.models.original_gan import (
    build_original_discriminator,
    build_original_generator,
)

_Build = Callable[[ModelConfig, str, int], keras.Model]
# Generators and discriminators, from shape, precision and seed.
_BUILDERS: dict[str, tuple[_Build, _Build]] = {
    "dcgan": (build_generator, build_discriminator),
    "gan": (build_original_generator, build_original_discriminator),
    "lapgan": (build_pyramid_generator, build_pyramid_discriminator),
}


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
    its generator and discriminator, and a line in the table above. Training,
    sampling, evaluation and export take what comes.

    Args:
        config: The networks' shape.
        precision: A Keras dtype policy.
        seed: Of the initial weights.

    Returns:
        Keras models, built.
    """
    build_g, build_d = _BUILDERS[config.family]
    return Networks(
        build_g(config, precision, seed), build_d(config, precision, seed)
    )
