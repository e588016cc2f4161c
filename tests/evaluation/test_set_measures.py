"""Measures of samples that no working generator draws."""

import numpy as np
import pytest

from dcgan_tf.evaluation.feature_extractors.feature_extractor import Features
from dcgan_tf.evaluation.set_measures import (
    FUNCTIONS,
    compute_copying_measures,
    compute_measures,
)
from dcgan_tf.evaluation.settings import SET_MEASURES, find_figures


def make_features(kind):
    rng = np.random.default_rng(0)
    values = rng.standard_normal((40, 6)).astype(np.float32)
    if kind == "all alike":
        values[:] = values[0]
    elif kind == "zeros":
        values[:] = 0
    elif kind == "two kinds":
        values[::2], values[1::2] = values[0], values[1]
    probabilities = np.zeros((40, 3), np.float32)
    probabilities[:, 0] = 1
    return Features(values, probabilities, np.clip(values, -1, 1))


KINDS = ["all alike", "zeros", "two kinds"]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_measure_of_collapsed_samples_is_a_number(kind, name):
    real = make_features("usual")
    values = compute_measures([name], make_features(kind), real, seed=0)
    assert values and np.isfinite(list(values.values())).all()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_measures_figures_are_found_by_its_entry(name):
    usual = make_features("usual")
    values = compute_measures([name], usual, usual, seed=0)
    figures = SET_MEASURES[name].figures or (name,)
    assert tuple(find_figures(name, values)) == figures
    others = {key for key in FUNCTIONS if key != name}
    assert not any(find_figures(other, values) for other in others)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_measures_take_as_few_images_as_is_said(name):
    def compute(count):
        few = Features(*(part[:count] for part in get_parts()))
        return compute_measures([name], few, few, seed=0)

    def get_parts():
        usual = make_features("usual")
        return usual.features, usual.probabilities, usual.pixels

    fewest = SET_MEASURES[name].fewest
    assert np.isfinite(list(compute(fewest).values())).all()
    if fewest > 1:
        with pytest.raises(ValueError, match=f"{fewest - 1} real and"):
            compute(fewest - 1)


@pytest.mark.parametrize(
    ("num_samples", "num_classes", "has_std"),
    [(10, 10, False), (40, 10, False), (100, 10, True), (2_000, 10, True)]
    + [(200, 200, False), (8, 2, False), (16, 2, True)],
)
def test_few_samples_are_not_scored_in_parts_of_few(
    num_samples, num_classes, has_std
):
    """All classes, each told for sure: the score is their number."""
    probabilities = np.eye(num_classes)[np.arange(num_samples) % num_classes]
    few = Features(probabilities, probabilities, probabilities)
    values = compute_measures(["inception_style_score"], few, few, seed=0)
    assert values["inception_style_score"] == pytest.approx(num_classes)
    assert ("inception_style_score_std" in values) == has_std


@pytest.mark.parametrize("kind", KINDS)
def test_copying_by_collapsed_samples_is_a_number(kind):
    real = make_features("usual")
    values = compute_copying_measures(make_features(kind), real, real)
    assert np.isfinite(list(values.values())).all()
