"""Images drawn from a Keras generator: of latent seeds, and of latents."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf.config import ModelConfig
from dcgan_tf.images import to_uint8
from dcgan_tf.latents import latents_from_seeds
from dcgan_tf.seeds import choose_labels, make_seeds
from dcgan_tf.traced import traced

_BATCH_SIZE = 128

# From int64 seeds `(batch,)` and int32 labels or None to uint8 images.
Sampler = Callable[[np.ndarray, np.ndarray | None], np.ndarray]


def build_sampler(generator: keras.Model, latent_dim: int) -> Sampler:
    """Builds the map from latent seeds to images of a Keras generator.

    Args:
        generator: In float32, with its final batch-norm statistics.
        latent_dim: Length of a latent.
    """

    @traced
    def sample(seeds, labels=None):
        latents = latents_from_seeds(seeds, latent_dim)
        inputs = latents if labels is None else [latents, labels]
        return to_uint8(generator(inputs, training=False))

    def sample_arrays(seeds, labels):
        arrays = [seeds] if labels is None else [seeds, labels]
        return sample(*map(tf.constant, arrays)).numpy()

    return sample_arrays


def generate_images(generator: keras.Model, latents: np.ndarray) -> np.ndarray:
    """Generates images in batches.

    Args:
        generator: Unconditional.
        latents: Floats `(count, latent_dim)`.

    Returns:
        uint8 `(count, height, width, channels)`.
    """
    return np.concatenate(
        [
            to_uint8(
                generator(latents[start : start + _BATCH_SIZE], training=False)
            ).numpy()
            for start in range(0, len(latents), _BATCH_SIZE)
        ]
    )


def sample_in_batches(
    sampler: Sampler, seeds: np.ndarray, labels: np.ndarray | None
) -> np.ndarray:
    """Draws an image for each latent seed.

    Args:
        sampler: From `build_sampler`, or an export's.
        seeds: int64 `(count,)`, one or more.
        labels: int32 `(count,)` of conditional generators.

    Returns:
        uint8 `(count, height, width, channels)`.
    """
    batches = []
    for start in range(0, len(seeds), _BATCH_SIZE):
        part = slice(start, start + _BATCH_SIZE)
        batches.append(
            sampler(seeds[part], None if labels is None else labels[part])
        )
    return np.concatenate(batches)


def sample_images(
    generator: keras.Model, model: ModelConfig, count: int, seed: int
) -> np.ndarray:
    """Draws the first images of a seed, those of the command `sample`.

    Args:
        generator: In float32, with its final batch-norm statistics.
        model: Its shape; `choose_labels` says what conditional ones draw.
        count: How many.
        seed: Another one gives other images.

    Returns:
        uint8 `(count, height, width, channels)`.
    """
    seeds = make_seeds(seed, count)
    return sample_in_batches(
        build_sampler(generator, model.latent_dim),
        seeds,
        choose_labels(seeds, model.num_classes),
    )
