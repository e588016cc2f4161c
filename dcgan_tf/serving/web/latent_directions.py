"""Latent directions that change images most.

Principal components of the generator's early activations, carried back to
latents by regression (Härkönen et al., 2020, arXiv 2004.02546, Section 2.2).
"""

import keras
import numpy as np
import scipy.linalg

from dcgan_tf.latents import sample_latents

_NUM_SAMPLES = 2_048
_BATCH_SIZE = 128
_SEED = (0, -1)
# So that a class's mean of these takes little of what the class varies by.
_MIN_SAMPLES_PER_CLASS = 16
# What varies by less, as a share of the activations' squares, is rounding.
_SMALLEST_SHARE = 1e-12


def compute_directions(
    generator: keras.Model,
    num_directions: int,
    num_classes: int = 0,
) -> np.ndarray:
    """Computes the strongest directions.

    They follow the principal components of the first ReLU, which all families
    have.

    Args:
        generator: Of any family.
        num_directions: How many, the strongest first.
        num_classes: Labels that condition it; directions are then those
            within a class, of some classes where there are very many.

    Returns:
        float32 `(num_directions, latent_dim)`. Adding one to a latent moves
        it by a standard deviation of its component, over all latents. Zeros
        where the activations vary in fewer ways, such as those of a dead ReLU.
    """
    latent_dim = generator.inputs[0].shape[-1]
    latents = sample_latents(_NUM_SAMPLES, latent_dim, _SEED).numpy()
    relu = next(x for x in generator.layers if isinstance(x, keras.layers.ReLU))
    labels = _choose_labels(num_classes)
    inputs = [latents, labels] if num_classes else latents
    tap = keras.Model(
        generator.inputs if num_classes else generator.inputs[0],
        relu.output,
    )
    activations = tap.predict(inputs, batch_size=_BATCH_SIZE, verbose=0)
    activations = activations.reshape(_NUM_SAMPLES, -1).astype(np.float64)
    smallest = _SMALLEST_SHARE * np.square(activations).sum()
    for label in np.unique(labels):
        activations[labels == label] -= activations[labels == label].mean(0)
    vectors = _find_strongest_left_vectors(
        activations, num_directions, smallest
    )
    coordinates = vectors * np.sqrt(_NUM_SAMPLES)
    # The regression's coefficients: the coordinates are uncorrelated and of
    # unit variance.
    directions = coordinates.T @ latents / _NUM_SAMPLES
    return directions.astype(np.float32)


def _choose_labels(num_classes: int) -> np.ndarray:
    """Gives each sample a class, in turns, and each class several samples."""
    num_chosen = min(num_classes, _NUM_SAMPLES // _MIN_SAMPLES_PER_CLASS)
    turns = np.arange(_NUM_SAMPLES, dtype=np.int32) % max(1, num_chosen)
    return turns * num_classes // max(1, num_chosen)


def _find_strongest_left_vectors(
    matrix: np.ndarray, count: int, smallest: float
) -> np.ndarray:
    """Computes left singular vectors, the strongest first: `(rows, count)`.

    Zeros where the square of the singular value isn't over `smallest`.
    By the smaller of the two products with itself, and these alone: all
    eigenvectors of one of 2,048 rows take seconds.
    """
    rows, columns = matrix.shape
    is_tall = count <= columns < rows
    product = matrix.T @ matrix if is_tall else matrix @ matrix.T
    last = len(product) - 1
    values, vectors = scipy.linalg.eigh(
        product, subset_by_index=(last + 1 - count, last)
    )
    is_there = values > smallest
    if is_tall:
        vectors = matrix @ vectors / np.sqrt(np.where(is_there, values, 1))
    return np.where(is_there, vectors, 0)[:, ::-1]
