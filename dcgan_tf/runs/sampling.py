"""Images drawn from a Keras generator: of latent seeds, and of latents."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf.images import to_uint8
from dcgan_tf.latents import latents_from_seeds

_BATCH_SIZE = 128

# From int64 seeds `(batch,)` and int32 labels or None to uint8 images.
Sampler = Callable[[np.ndarray, np.ndarray | None], np.ndarray]


def build_sampler(generator: keras.Model, latent_dim: int) -> Sampler:
    """Builds the map from latent seeds to images of a Keras generator.

    Args:
        generator: In float32, with its final batch-norm statistics.
        latent_dim: Length of a latent.
    """

    @tf.function(reduce_retracing=True)
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
