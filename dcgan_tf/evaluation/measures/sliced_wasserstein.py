"""Sliced Wasserstein distance: one-dimensional distances, averaged."""

import numpy as np
from sklearn.metrics.pairwise import check_pairwise_arrays


def compute_sliced_wasserstein(
    real_features: np.ndarray,
    fake_features: np.ndarray,
    num_projections: int = 512,
    seed: int = 0,
) -> float:
    """Computes the 2-Wasserstein distance over random directions.

    The root of the mean over unit vectors of the squared distance between
    the projections, which sorting gives exactly (Bonneel et al., 2015,
    Section 3). No Laplacian pyramid, unlike Karras et al. (2018).

    Args:
        real_features: Floats `(count, num_features)`.
        fake_features: As many.
        num_projections: Directions.
        seed: Of the directions.

    Returns:
        In units of the features, at least 0.

    Raises:
        ValueError: If shapes don't fit, counts differ or a number isn't
            finite.
    """
    real, fake = check_pairwise_arrays(
        real_features, fake_features, dtype=np.float64
    )
    if len(real) != len(fake):
        raise ValueError(
            f"{len(real)} real and {len(fake)} generated samples; sorted "
            "projections pair up only where there are equally many"
        )
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((real.shape[1], num_projections))
    directions /= np.linalg.norm(directions, axis=0)
    gaps = np.sort(real @ directions, 0) - np.sort(fake @ directions, 0)
    return float(np.sqrt(np.mean(gaps**2)))
