"""Kernel distance: squared maximum mean discrepancy of a cubic kernel."""

import numpy as np
from sklearn.metrics.pairwise import check_pairwise_arrays

# Of fewer samples, a half is no two.
_MIN_HALVED = 4


def compute_kernel_distance(
    real_features: np.ndarray,
    fake_features: np.ndarray,
    subset_size: int = 1_000,
    num_subsets: int = 100,
    seed: int = 0,
) -> tuple[float, float | None]:
    """Computes the distance of Bińkowski et al. (2018, arXiv 1801.01401).

    The unbiased estimate of Gretton et al. (2012, equation 3) with the
    kernel `(x . y / num_features + 1)^3`, on random subsets. It is 0 on
    average for equal distributions at any count, so it may be negative. KID
    is its name with the 2015 Inception network's features only.

    Args:
        real_features: Floats `(num_real, num_features)`.
        fake_features: Floats `(num_fake, num_features)`.
        subset_size: Samples of each in a subset, drawn without repetition.
        num_subsets: Subsets.
        seed: Of the subsets.

    Returns:
        Mean and standard deviation over subsets. Where a subset would be over
        half of either set, subsets overlap so much that their deviation says
        nothing (it is 0 where each is the whole set); it is then that of
        subsets of at most half of each set, which estimates the standard
        error of all samples' estimate (the delete-d jackknife of Shao and
        Wu, 1989, Annals of Statistics 17, with d half of the samples); for
        sets of one distribution it is up to twice that, since the estimate
        is then degenerate (Gretton et al., 2012, Theorem 12). None for fewer
        than 4 samples of either.

    Raises:
        ValueError: If shapes don't fit, a number isn't finite, or there are
            fewer samples than a subset takes.
    """
    real, fake = check_pairwise_arrays(
        real_features, fake_features, dtype=np.float64
    )
    count = min(len(real), len(fake))
    if not 2 <= subset_size <= count:
        raise ValueError(
            f"subset_size is {subset_size} with {len(real)} real and "
            f"{len(fake)} generated samples; use 2 or more, and no more than "
            "there are of either"
        )
    rng = np.random.default_rng(seed)

    def estimate(num_real, num_fake):
        return [
            estimate_discrepancy(
                rng.choice(real, num_real, replace=False),
                rng.choice(fake, num_fake, replace=False),
            )
            for _ in range(num_subsets)
        ]

    estimates = estimate(subset_size, subset_size)
    mean = float(np.mean(estimates))
    if subset_size > count // 2:
        if count < _MIN_HALVED:
            return mean, None
        estimates = estimate(
            min(subset_size, len(real) // 2), min(subset_size, len(fake) // 2)
        )
    return mean, float(np.std(estimates))


def estimate_discrepancy(real: np.ndarray, fake: np.ndarray) -> float:
    """Estimates the squared discrepancy of all samples, without bias.

    Args:
        real: Floats `(num_real, num_features)`, two rows or more.
        fake: Floats `(num_fake, num_features)`, two rows or more.
    """
    num_real, num_fake = len(real), len(fake)
    within_real, within_fake = _kernel(real, real), _kernel(fake, fake)
    # A sample's kernel with itself is no draw of two: leave it out.
    real_mean = (within_real.sum() - np.trace(within_real)) / (
        num_real * (num_real - 1)
    )
    fake_mean = (within_fake.sum() - np.trace(within_fake)) / (
        num_fake * (num_fake - 1)
    )
    return float(real_mean + fake_mean - 2 * _kernel(real, fake).mean())


def _kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    base = first @ second.T / first.shape[1] + 1
    return base * base * base  # NumPy's power takes thirty times as long.
