"""Measures against closed forms and independent implementations."""

import numpy as np
import pytest
import scipy.linalg
import scipy.stats
from scipy.spatial.distance import cdist

from dcgan_tf.evaluation.metrics.c2st import compute_two_sample_accuracy
from dcgan_tf.evaluation.metrics.frechet import compute_frechet_distance
from dcgan_tf.evaluation.metrics.kernel import (
    compute_kernel_distance,
    estimate_discrepancy,
)
from dcgan_tf.evaluation.metrics.precision_recall import (
    compute_precision_recall,
)
from dcgan_tf.evaluation.metrics.sliced_wasserstein import (
    compute_sliced_wasserstein,
)

RNG = np.random.default_rng(0)
FIRST = RNG.normal(size=(60, 5))
SECOND = RNG.normal(0.5, 2.0, size=(60, 5))


def with_moments(mean, covariance, count=50):
    """Points whose mean and unbiased covariance are exactly these."""
    points = np.random.default_rng(1).normal(size=(count, len(mean)))
    points -= points.mean(0)
    points = points @ np.linalg.inv(
        np.linalg.cholesky(np.cov(points, rowvar=False)).T
    )
    return points @ np.linalg.cholesky(covariance).T + mean


def test_frechet_of_gaussians_has_a_closed_form():
    # Commuting covariances: sum of squared differences of their roots.
    first = with_moments([0, 0, 0], np.diag([1.0, 4.0, 9.0]))
    second = with_moments([3, 0, 4], np.diag([4.0, 4.0, 1.0]))
    expected = 25 + 1 + 0 + 4
    assert compute_frechet_distance(first, second) == pytest.approx(expected)


def test_frechet_agrees_with_the_general_matrix_root():
    first, second = FIRST, SECOND @ RNG.normal(size=(5, 5))
    covariances = [np.cov(x, rowvar=False) for x in (first, second)]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1])
    shift = first.mean(0) - second.mean(0)
    expected = shift @ shift + np.trace(
        covariances[0] + covariances[1] - 2 * np.real(root)
    )
    assert compute_frechet_distance(first, second) == pytest.approx(expected)


def test_frechet_stays_real_with_fewer_samples_than_features():
    few, other = RNG.normal(size=(2, 6, 40))
    assert compute_frechet_distance(few, few) == pytest.approx(0, abs=1e-6)
    symmetric = compute_frechet_distance(other, few)
    assert compute_frechet_distance(few, other) == pytest.approx(symmetric)
    assert np.isfinite(symmetric) and symmetric > 1


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
    mean, spread = compute_kernel_distance(*points, 50, 40)
    assert abs(mean) < spread  # A biased estimate would be far above 0.
    # Subsets of everything are all the same.
    mean, spread = compute_kernel_distance(FIRST, SECOND, 60, 3)
    assert mean == pytest.approx(estimate_discrepancy(FIRST, SECOND))
    assert spread == pytest.approx(0, abs=1e-9)
    assert compute_kernel_distance(
        FIRST, SECOND, 30, 5, seed=1
    ) == compute_kernel_distance(FIRST, SECOND, 30, 5, seed=1)


def test_precision_recall_agrees_with_the_definition():
    def covered(points, manifold, k):
        radii = np.sort(cdist(manifold, manifold), axis=1)[:, k]
        return np.mean([(cdist([p], manifold) <= radii).any() for p in points])

    precision, recall = compute_precision_recall(FIRST, SECOND, 3)
    assert precision == pytest.approx(covered(SECOND, FIRST, 3))
    assert recall == pytest.approx(covered(FIRST, SECOND, 3))
    assert precision < recall  # The second set is wider.


def test_precision_recall_of_a_lost_mode():
    modes = np.concatenate([FIRST, FIRST + 100])
    one_mode = np.repeat(FIRST, 2, axis=0) + RNG.normal(0, 0.01, (120, 5))
    precision, recall = compute_precision_recall(modes, one_mode)
    assert precision > 0.95 and recall <= 0.5
    assert compute_precision_recall(modes, modes) == (1.0, 1.0)


def test_two_sample_accuracy_of_known_layouts():
    apart = compute_two_sample_accuracy(FIRST, FIRST + 1000)
    assert apart == {"accuracy": 1.0, "real": 1.0, "fake": 1.0}
    near_copies = compute_two_sample_accuracy(FIRST, FIRST + 1e-6)
    assert near_copies == {"accuracy": 0.0, "real": 0.0, "fake": 0.0}
    # Generated points crowd around one real one: that one is misled.
    real = np.arange(4.0)[:, None] * 10
    crowd = np.array([[0.1], [0.2], [0.3], [0.4]])
    crowded = compute_two_sample_accuracy(real, crowd)
    # 10's nearest is 0.4 at 9.6; 20 and 30 have each other.
    assert crowded == {"accuracy": 0.625, "real": 0.5, "fake": 0.75}


def test_sliced_wasserstein_of_a_shift_and_in_one_dimension():
    shift = np.array([3.0, 0, 0, 4.0, 0])
    # A direction sees the shift's projection: |shift|^2 / 5 on average.
    distance = compute_sliced_wasserstein(FIRST, FIRST + shift, 20_000)
    assert distance == pytest.approx(5 / np.sqrt(5), rel=0.02)
    line = compute_sliced_wasserstein(FIRST[:, :1], FIRST[:, :1] * 3 + 1)
    x = np.sort(FIRST[:, 0])
    assert line == pytest.approx(np.sqrt(np.mean((2 * x + 1) ** 2)))
    assert compute_sliced_wasserstein(FIRST, FIRST[::-1]) == pytest.approx(0)


@pytest.mark.parametrize(
    "measure",
    [
        compute_frechet_distance,
        compute_kernel_distance,
        compute_precision_recall,
        compute_two_sample_accuracy,
        compute_sliced_wasserstein,
    ],
)
@pytest.mark.parametrize(
    "fake, message",
    [
        (np.zeros((60, 4)), "shape"),
        (np.full((60, 5), np.nan), "NaN"),
        (np.zeros((1, 5)), "1"),
    ],
)
def test_bad_features_are_refused(measure, fake, message):
    with pytest.raises(ValueError, match=message):
        measure(FIRST, fake)
