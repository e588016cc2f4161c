"""Fits find the minimum that scikit-learn's LinearSVC defines."""

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from dcgan_tf.evaluation.linear_probe import svm

STRENGTHS = (1e-3, 1e-1)


def append_ones(features):
    return np.concatenate([features, np.ones_like(features[:, :1])], axis=1)


def make_problem(num_samples, num_features, num_classes=3, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(num_samples) % num_classes
    centres = rng.normal(size=(num_classes, num_features))
    # Like activations: a large common mean and unequal scales.
    features = (
        2
        + centres[labels]
        + rng.normal(size=(num_samples, 1))
        * (np.linspace(0.1, 3, num_features))
    )
    features += rng.normal(size=features.shape)
    return append_ones(features.astype(np.float32)), labels


@pytest.mark.parametrize("num_classes", [2, 3])
@pytest.mark.parametrize(
    "num_samples, num_features", [(40, 200), (40, 39), (300, 12), (1_500, 30)]
)
@pytest.mark.parametrize("most_coordinates", [39, 5_000])
def test_fits_agree_with_a_plain_linear_svc(
    monkeypatch, num_samples, num_features, num_classes, most_coordinates
):
    """Whether in coordinates of their own or in those of the features."""
    monkeypatch.setattr(svm, "_MAX_COORDINATES", most_coordinates)
    features, labels = make_problem(num_samples, num_features, num_classes)
    weights = svm.fit_svms(features, labels, STRENGTHS)
    for C, found in zip(STRENGTHS, weights, strict=True):
        # The intercept is a feature: plain LinearSVC penalises it alike.
        plain = LinearSVC(
            C=C, dual=True, tol=1e-6, max_iter=100_000, random_state=1
        ).fit(features[:, :-1], labels)
        expected = np.concatenate([plain.coef_, plain.intercept_[:, None]], 1)
        if num_classes == 2:  # It fits the second class alone.
            expected = np.concatenate([-expected, expected])
        scale = np.abs(expected).max()
        np.testing.assert_allclose(found.T, expected, atol=0.01 * scale)


@pytest.mark.parametrize("num_classes", [2, 3])
@pytest.mark.parametrize("has_start", [False, True])
def test_fewer_samples_than_features_have_the_same_minimum(
    has_start, num_classes
):
    features, labels = make_problem(40, 200, num_classes)
    start = None
    if has_start:
        others, _ = make_problem(40, 200, num_classes, seed=1)
        (start,) = svm.fit_svms(others, labels, (1e-2,))
    found = svm.fit_svms(features, labels, STRENGTHS, start)
    directly = svm._fit_in_feature_space(features, labels, STRENGTHS, None)
    for weights, expected in zip(found, directly, strict=True):
        scale = np.abs(expected).max()
        np.testing.assert_allclose(weights, expected, atol=0.01 * scale)


def test_two_classes_have_a_column_each():
    features, labels = make_problem(40, 6, num_classes=2)
    (weights,) = svm.fit_svms(features, labels, (1e-2,))
    assert weights.shape == (7, 2)
    assert np.mean(svm.predict(weights, features) == labels) > 0.75


@pytest.mark.parametrize(
    "num_samples, num_features, space",
    [
        (20, 4, "_fit_in_feature_space"),
        (20, 60, "_fit_in_own_coordinates"),
        (21, 60, "_fit_in_feature_space"),
    ],
)
def test_the_size_of_a_problem_chooses_its_space(
    monkeypatch, num_samples, num_features, space
):
    features, labels = make_problem(num_samples, num_features)
    calls = []
    for name in ("_fit_in_feature_space", "_fit_in_own_coordinates"):
        monkeypatch.setattr(
            svm, name, lambda *_, name=name: calls.append(name) or []
        )
    monkeypatch.setattr(svm, "_MAX_COORDINATES", 20)
    list(svm.fit_svms(features, labels, (1e-2,)))
    assert calls == [space]


def test_a_start_changes_no_minimum():
    features, labels = make_problem(300, 12)
    (cold,) = svm.fit_svms(features, labels, (1e-1,))
    (near,) = svm.fit_svms(features[:250], labels[:250], (1e-1,))
    (warm,) = svm.fit_svms(features, labels, (1e-1,), near)
    np.testing.assert_allclose(warm, cold, atol=0.01 * np.abs(cold).max())


def test_prediction_takes_the_largest_score_in_any_block(monkeypatch):
    monkeypatch.setattr(svm, "_BLOCK_ROWS", 2)
    weights = np.array([[1, -1], [0, 0.5]], np.float32)
    features = append_ones(np.array([[1], [-1], [0.3], [0]], np.float32))
    assert svm.predict(weights, features).tolist() == [0, 1, 0, 1]
