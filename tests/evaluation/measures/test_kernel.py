"""Kernel distances against the sum over all pairs."""

import numpy as np
import pytest

from dcgan_tf.evaluation.measures.kernel import (
    compute_kernel_distance,
    estimate_discrepancy,
)

RNG = np.random.default_rng(0)


FIRST = RNG.normal(size=(60, 5))


SECOND = RNG.normal(0.5, 2.0, size=(60, 5))


def test_kernel_estimate_is_the_sum_over_pairs():
    def kernel(x, y):
        return (x @ y / 5 + 1) ** 3

    def mean_over_pairs(a, b):
        pairs = [
            kernel(x, y)
            for i, x in enumerate(a)
            for j, y in enumerate(b)
            if a is not b or i != j
        ]
        return np.mean(pairs)

    first, second = FIRST[:7], SECOND[:9]
    expected = (
        mean_over_pairs(first, first)
        + mean_over_pairs(second, second)
        - 2 * mean_over_pairs(first, second)
    )
    assert estimate_discrepancy(first, second) == pytest.approx(expected)


def test_kernel_distance_is_unbiased_and_averages_subsets():
    points = RNG.normal(size=(2, 400, 5))
    mean, std = compute_kernel_distance(*points, 50, 40)
    assert abs(mean) < std  # A biased estimate would be far above 0.
    # Subsets of everything are all the same.
    mean, std = compute_kernel_distance(FIRST, SECOND, 60, 3)
    assert mean == pytest.approx(estimate_discrepancy(FIRST, SECOND))
    assert compute_kernel_distance(
        FIRST, SECOND, 30, 5, seed=1
    ) == compute_kernel_distance(FIRST, SECOND, 30, 5, seed=1)


@pytest.mark.parametrize("num_real", [80, 120, 240])
def test_subsets_of_all_still_have_a_deviation(num_real):
    """It is about that of the estimate over fresh draws of the points."""
    rng = np.random.default_rng(4)
    fresh = [
        compute_kernel_distance(
            rng.normal(size=(num_real, 5)), rng.normal(1, 1, (80, 5)), 80, 20
        )
        for _ in range(40)
    ]
    means, deviations = np.array(fresh).T
    assert 0.6 < np.median(deviations) / means.std() < 1.7


def test_too_few_to_halve_have_no_deviation():
    mean, std = compute_kernel_distance(FIRST[:3], SECOND[:3], 3, 5)
    assert np.isfinite(mean) and std is None
