"""The score of a classifier's probabilities."""

import numpy as np
import pytest
import scipy.stats

from dcgan_tf.evaluation.measures.inception_style_score import (
    compute_inception_style_score,
)

PROBABILITIES = np.random.default_rng(0).dirichlet(np.ones(4), 30)


def test_score_ranges_from_one_to_the_number_of_classes():
    sure_of_all = np.tile(np.eye(10), (20, 1))
    assert compute_inception_style_score(sure_of_all, 2) == pytest.approx(
        (10, 0)
    )
    assert compute_inception_style_score(
        np.full((20, 5), 0.2), 2
    ) == pytest.approx((1, 0))
    # Sure of each, but only two of the ten classes ever come.
    assert compute_inception_style_score(sure_of_all[[0, 1] * 10], 2)[
        0
    ] == pytest.approx(2)


def test_score_agrees_with_relative_entropy():
    parts = np.split(PROBABILITIES, 3)
    scores = [
        np.exp(np.mean([scipy.stats.entropy(p, part.mean(0)) for p in part]))
        for part in parts
    ]
    mean, std = compute_inception_style_score(PROBABILITIES, 3)
    assert mean == pytest.approx(np.mean(scores))
    assert std == pytest.approx(np.std(scores))


@pytest.mark.parametrize(
    "probabilities, message",
    [
        (PROBABILITIES * 2, "not probabilities"),
        (np.array([[1.5, -0.5]] * 10), "not probabilities"),
        (PROBABILITIES[:5], "5 samples in 10 parts"),
    ],
)
def test_score_refuses_what_is_no_distribution(probabilities, message):
    with pytest.raises(ValueError, match=message):
        compute_inception_style_score(probabilities)
