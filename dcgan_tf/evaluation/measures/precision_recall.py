"""Precision (samples are plausible) and recall (nothing is missing)."""

import numpy as np
from sklearn.metrics import pairwise_distances_chunked
from sklearn.metrics.pairwise import check_pairwise_arrays
from sklearn.neighbors import NearestNeighbors


def compute_precision_recall(
    real_features: np.ndarray, fake_features: np.ndarray, num_neighbours=3
) -> tuple[float, float]:
    """Computes the measures of Kynkäänniemi et al. (2019, arXiv 1904.06991).

    A set's manifold is the union of balls around its points, each reaching
    the point's k-th nearest other point. Precision is the fraction of generated
    points in the real manifold, recall the fraction of real points in the
    generated one. Both grow with the number of samples: give equally many.

    Args:
        real_features: Floats `(num_real, num_features)`.
        fake_features: Floats `(num_fake, num_features)`.
        num_neighbours: k; the authors use 3.

    Returns:
        Precision and recall, each in `[0, 1]`.

    Raises:
        ValueError: If shapes don't fit, a number isn't finite, or there are
            not more samples than neighbours.
    """
    real, fake = check_pairwise_arrays(real_features, fake_features)
    if min(len(real), len(fake)) <= num_neighbours:
        raise ValueError(
            f"{len(real)} real and {len(fake)} generated samples; "
            f"{num_neighbours} neighbours take more of each"
        )
    return (
        _compute_covered_fraction(fake, real, num_neighbours),
        _compute_covered_fraction(real, fake, num_neighbours),
    )


def _compute_covered_fraction(points, manifold, num_neighbours: int) -> float:
    """The fraction of points in some ball of the manifold."""
    neighbours = NearestNeighbors(n_neighbors=num_neighbours, algorithm="brute")
    # Without an argument, a point is not its own neighbour.
    radii = neighbours.fit(manifold).kneighbors()[0][:, -1]
    covered = [
        (distances <= radii).any(axis=1)
        for distances in pairwise_distances_chunked(points, manifold)
    ]
    return float(np.concatenate(covered).mean())
