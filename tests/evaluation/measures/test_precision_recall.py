"""Precision and recall against their definition."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from dcgan_tf.evaluation.measures.precision_recall import (
    compute_precision_recall,
)

RNG = np.random.default_rng(0)


FIRST = RNG.normal(size=(60, 5))


SECOND = RNG.normal(0.5, 2.0, size=(60, 5))


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
