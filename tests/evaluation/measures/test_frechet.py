"""Fréchet distances against closed forms and SciPy."""

import numpy as np
import pytest
import scipy.linalg
import scipy.stats

from dcgan_tf.evaluation.measures.frechet import compute_frechet_distance

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
