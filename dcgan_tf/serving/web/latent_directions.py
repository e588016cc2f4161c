"""Latent directions that change images most.

Principal components of the generator's early activations, carried back to
latents by regression (Härkönen et al., 2020, arXiv 2004.02546, Section 2.2).
"""

import keras
import numpy as np

from dcgan_tf.latents import sample_latents

_NUM_SAMPLES = 2_048
_BATCH_SIZE = 128
_SEED = (0, -1)


def compute_directions(
    generator: keras.Model, num_directions: int, layer: str = "project_relu"
) -> np.ndarray:
    """Computes the strongest directions.

    Args:
        generator: From `build_generator`, unconditional.
        num_directions: How many, the strongest first.
        layer: Whose outputs' principal components they follow.

    Returns:
        float32 `(num_directions, latent_dim)`. Adding one to a latent moves
        it by a standard deviation of its component, over all latents.
    """
    latent_dim = generator.inputs[0].shape[-1]
    latents = sample_latents(_NUM_SAMPLES, latent_dim, _SEED).numpy()
    tap = keras.Model(generator.inputs[0], generator.get_layer(layer).output)
    activations = tap.predict(latents, batch_size=_BATCH_SIZE, verbose=0)
    activations = activations.reshape(_NUM_SAMPLES, -1).astype(np.float64)
    activations -= activations.mean(0)
    # The samples' Gram matrix is smaller than the activations' covariance.
    values, vectors = np.linalg.eigh(activations @ activations.T)
    strongest = np.argsort(values)[::-1][:num_directions]
    coordinates = vectors[:, strongest] * np.sqrt(_NUM_SAMPLES)
    # The regression's coefficients: the coordinates are uncorrelated and of
    # unit variance.
    directions = coordinates.T @ latents / _NUM_SAMPLES
    return directions.astype(np.float32)
