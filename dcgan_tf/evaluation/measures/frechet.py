"""Fréchet distance between Gaussians fitted to two sets of features."""

import numpy as np
from sklearn.metrics.pairwise import check_pairwise_arrays

# A covariance takes as many of each set.
LEAST_IMAGES = 2


def compute_frechet_distance(
    real_features: np.ndarray, fake_features: np.ndarray
) -> float:
    """Computes the distance of Heusel et al. (2017, arXiv 1706.08500).

    `|m1 - m2|^2 + tr(C1) + tr(C2) - 2 tr((C1 C2)^(1/2))`, with unbiased
    covariances. The last trace is taken as the sum of the roots of the
    eigenvalues of the symmetric `C1^(1/2) C2 C1^(1/2)`, which stays real for
    singular covariances. It is biased upwards by about the inverse of the
    number of samples: compare equal counts only. It may be called FID only
    with the 2015 Inception network's features.

    Args:
        real_features: Floats `(num_real, num_features)`, two rows or more.
        fake_features: Floats `(num_fake, num_features)`, two rows or more.

    Returns:
        The squared distance, as FIDs are published, at least 0.

    Raises:
        ValueError: If shapes don't fit or a number isn't finite.
    """
    real, fake = check_pairwise_arrays(
        real_features, fake_features, dtype=np.float64
    )
    if min(len(real), len(fake)) < LEAST_IMAGES:
        raise ValueError(
            f"{len(real)} real and {len(fake)} generated samples; a "
            f"covariance takes at least {LEAST_IMAGES} of each"
        )
    real_covariance = np.atleast_2d(np.cov(real, rowvar=False))
    fake_covariance = np.atleast_2d(np.cov(fake, rowvar=False))
    real_root = _compute_root(real_covariance)
    eigenvalues = np.linalg.eigvalsh(real_root @ fake_covariance @ real_root)
    root_trace = np.sqrt(np.maximum(eigenvalues, 0)).sum()
    shift = real.mean(axis=0) - fake.mean(axis=0)
    distance = (
        shift @ shift
        + np.trace(real_covariance)
        + np.trace(fake_covariance)
        - 2 * root_trace
    )
    return max(float(distance), 0.0)


def _compute_root(covariance: np.ndarray) -> np.ndarray:
    """The symmetric square root; rounding leaves tiny negative values."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
