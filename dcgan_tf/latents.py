"""Latent vectors: sampling, interpolation and arithmetic.

Latents are uniform in [-1, 1] (Radford et al., 2016, Section 4 and the
authors' code). Every draw is stateless: the same seed gives the same numbers
on any device, in any batch and after any restart, inside a graph or out.
"""

import numpy as np
import tensorflow as tf

# Of all stateless draws. Spelt out, since the default depends on the device.
GENERATOR = "philox"


def sample_latents(
    batch_size: int, latent_dim: int, seed: tf.Tensor
) -> tf.Tensor:
    """Draws a batch of latents.

    Args:
        batch_size: Number of latents.
        latent_dim: Length of each.
        seed: Integers of shape `(2,)`.

    Returns:
        float32 `(batch_size, latent_dim)`, uniform in `[-1, 1)`.
    """
    return tf.random.stateless_uniform(
        (batch_size, latent_dim), seed, minval=-1.0, alg=GENERATOR
    )


def latents_from_seeds(seeds: tf.Tensor, latent_dim: int) -> tf.Tensor:
    """Draws one latent for each seed, whatever the batch it is drawn in.

    Args:
        seeds: int64 `(batch,)`.
        latent_dim: Length of each latent.

    Returns:
        float32 `(batch, latent_dim)`, uniform in `[-1, 1)`.
    """
    return tf.map_fn(
        lambda seed: sample_latents(1, latent_dim, tf.stack([seed, 0]))[0],
        tf.cast(seeds, tf.int64),
        fn_output_signature=tf.TensorSpec((latent_dim,), tf.float32),
    )


def interpolate(
    start: np.ndarray, stop: np.ndarray, num_steps: int, great_circle=False
) -> np.ndarray:
    """Walks from one latent to another (Section 6.1).

    Args:
        start: Floats `(latent_dim,)`.
        stop: Floats `(latent_dim,)`.
        num_steps: Number of points, both ends included; at least 2.
        great_circle: Whether to turn the direction at an even rate and
            change the length evenly (White, 2016, arXiv 1609.04468), instead
            of a straight line.

    Returns:
        float32 `(num_steps, latent_dim)`.

    Raises:
        ValueError: If `num_steps` is under 2.
    """
    if num_steps < 2:
        raise ValueError(f"num_steps is {num_steps}; a walk takes at least 2")
    start = np.asarray(start, np.float64)
    stop = np.asarray(stop, np.float64)
    fractions = np.linspace(0.0, 1.0, num_steps)[:, None]
    if not great_circle:
        return (start + fractions * (stop - start)).astype(np.float32)
    lengths = np.linalg.norm(start), np.linalg.norm(stop)
    cosine = np.dot(start / lengths[0], stop / lengths[1])
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    if np.sin(angle) < 1e-6:  # Parallel or opposite: the circle is undefined.
        return interpolate(start, stop, num_steps)
    directions = (
        np.sin((1 - fractions) * angle) * start / lengths[0]
        + np.sin(fractions * angle) * stop / lengths[1]
    ) / np.sin(angle)
    radii = lengths[0] + fractions * (lengths[1] - lengths[0])
    return (radii * directions).astype(np.float32)


def combine(
    plus: np.ndarray, minus: np.ndarray, plus_too: np.ndarray
) -> np.ndarray:
    """Computes `mean(plus) - mean(minus) + mean(plus_too)` (Section 6.3.2).

    The paper averages three exemplars a concept; with single ones the
    result was unstable.

    Args:
        plus: Floats `(exemplars, latent_dim)`.
        minus: Floats `(exemplars, latent_dim)`.
        plus_too: Floats `(exemplars, latent_dim)`.

    Returns:
        float32 `(latent_dim,)`, which may leave `[-1, 1]`.

    Raises:
        ValueError: If one of the three has no exemplars.
    """
    counts = [len(exemplars) for exemplars in (plus, minus, plus_too)]
    if not all(counts):
        raise ValueError(
            f"the three concepts have {counts} exemplars; each takes one or "
            "more, and the paper averages three"
        )
    total = np.mean(plus, 0) - np.mean(minus, 0) + np.mean(plus_too, 0)
    return total.astype(np.float32)


def sample_neighbours(
    latent: np.ndarray, num_neighbours: int, scale: float, seed: int
) -> np.ndarray:
    """Adds uniform noise in `[-scale, scale]` (0.25 in Section 6.3.2).

    Args:
        latent: Floats `(latent_dim,)`.
        num_neighbours: How many to draw.
        scale: Half-width of the noise.
        seed: Of the noise.

    Returns:
        float32 `(num_neighbours, latent_dim)`.
    """
    noise = np.random.default_rng(seed).uniform(
        -scale, scale, (num_neighbours, latent.shape[-1])
    )
    return (latent + noise).astype(np.float32)
