"""Both solvers find the minimum that scikit-learn's LinearSVC defines."""

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


@pytest.mark.parametrize("fit", [svm.fit_with_liblinear, svm.fit_with_lbfgs])
@pytest.mark.parametrize("num_samples, num_features", [(40, 200), (300, 12)])
def test_solvers_agree_with_a_plain_linear_svc(fit, num_samples, num_features):
    features, labels = make_problem(num_samples, num_features)
    weights = fit(features, labels, STRENGTHS)
    for C, found in zip(STRENGTHS, weights, strict=True):
        # The intercept is a feature: plain LinearSVC penalises it alike.
        plain = LinearSVC(
            C=C, dual=True, tol=1e-6, max_iter=100_000, random_state=1
        ).fit(features[:, :-1], labels)
        expected = np.concatenate([plain.coef_, plain.intercept_[:, None]], 1)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(found.T, expected, atol=0.01 * scale)


def test_two_classes_have_a_column_each():
    features, labels = make_problem(40, 6, num_classes=2)
    for fit in (svm.fit_with_liblinear, svm.fit_with_lbfgs):
        (weights,) = fit(features, labels, (1e-2,))
        assert weights.shape == (7, 2)
        assert np.mean(svm.predict(weights, features) == labels) > 0.75


@pytest.mark.parametrize(
    "num_samples, num_features, goes_to_lbfgs",
    [(30, 4, False), (41, 4, True), (10, 60, False), (11, 60, True)],
)
def test_what_liblinear_takes_long_for_goes_to_the_other_solver(
    monkeypatch, num_samples, num_features, goes_to_lbfgs
):
    features, labels = make_problem(num_samples, num_features)
    calls = []
    monkeypatch.setattr(
        svm, "fit_with_lbfgs", lambda *args: calls.append(args) or []
    )
    monkeypatch.setattr(svm, "_MAX_LIBLINEAR_SAMPLES", 40)
    monkeypatch.setattr(svm, "_MAX_LIBLINEAR_COORDINATES", 10)
    svm.fit_svms(features, labels, (1e-2,))
    assert len(calls) == goes_to_lbfgs


def test_a_start_changes_no_minimum():
    features, labels = make_problem(300, 12)
    (cold,) = svm.fit_with_lbfgs(features, labels, (1e-1,))
    (near,) = svm.fit_with_lbfgs(features[:250], labels[:250], (1e-1,))
    (warm,) = svm.fit_with_lbfgs(features, labels, (1e-1,), near)
    np.testing.assert_allclose(warm, cold, atol=0.01 * np.abs(cold).max())


def test_prediction_takes_the_largest_score_in_any_block(monkeypatch):
    monkeypatch.setattr(svm, "_BLOCK_ROWS", 2)
    weights = np.array([[1, -1], [0, 0.5]], np.float32)
    features = append_ones(np.array([[1], [-1], [0.3], [0]], np.float32))
    assert svm.predict(weights, features).tolist() == [0, 1, 0, 1]
