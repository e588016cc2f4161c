"""Classifier two-sample test (C2ST) by the nearest neighbour."""

import numpy as np
from sklearn.metrics.pairwise import check_pairwise_arrays
from sklearn.neighbors import NearestNeighbors


def compute_c2st_accuracy(
    real_features: np.ndarray, fake_features: np.ndarray
) -> dict[str, float]:
    """Computes leave-one-out accuracy of 1-NN (Lopez-Paz & Oquab, 2017).

    Each point takes the side of its nearest other point (arXiv 1610.06545;
    Xu et al., 2018, arXiv 1806.07755, Section 2). 0.5 is ideal; near 1, the
    sets lie apart; under 0.5 generated points repeat real ones.

    Args:
        real_features: Floats `(count, num_features)`.
        fake_features: As many.

    Returns:
        `accuracy`, and of the `real` and the `fake` points alone: a real
        one under 0.5 and a fake one over it means few modes.

    Raises:
        ValueError: If shapes don't fit, counts differ or are under 2, or a
            number isn't finite.
    """
    real, fake = check_pairwise_arrays(real_features, fake_features)
    if len(real) != len(fake):
        raise ValueError(
            f"{len(real)} real and {len(fake)} generated samples; the test's "
            "0.5 takes equally many"
        )
    if len(real) < 2:
        # The only other point would always be of the other set.
        raise ValueError(
            "1 real and 1 generated samples; the test takes 2 of each"
        )
    points = np.concatenate([real, fake])
    is_fake = np.arange(len(points)) >= len(real)
    neighbours = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(points)
    nearest = neighbours.kneighbors(return_distance=False)[:, 0]
    is_right = is_fake[nearest] == is_fake
    return {
        "accuracy": float(is_right.mean()),
        "real": float(is_right[~is_fake].mean()),
        "fake": float(is_right[is_fake].mean()),
    }
