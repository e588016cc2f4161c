"""Computes every measure of a set of images beside a set of real ones."""

from collections.abc import Callable, Iterable

import numpy as np

from dcgan_tf.evaluation.feature_extractors.feature_extractor import Features
from dcgan_tf.evaluation.measures.c2st import compute_c2st_accuracy
from dcgan_tf.evaluation.measures.class_coverage import (
    compute_class_fractions,
    compute_confident_fraction,
)
from dcgan_tf.evaluation.measures.frechet import compute_frechet_distance
from dcgan_tf.evaluation.measures.inception_style_score import (
    compute_inception_style_score,
)
from dcgan_tf.evaluation.measures.kernel import compute_kernel_distance
from dcgan_tf.evaluation.measures.neighbours import compute_copying
from dcgan_tf.evaluation.measures.precision_recall import (
    compute_precision_recall,
)
from dcgan_tf.evaluation.measures.sliced_wasserstein import (
    compute_sliced_wasserstein,
)

_KERNEL_SUBSET = 1_000
_SCORE_SPLITS = 10
# A score is at most its number of samples, and too small for few: no part has
# fewer for each class than those of published scores, 5,000 for 1,008.
_SCORE_SAMPLES_PER_CLASS = 4

Values = dict[str, float]


def compute_measures(
    names: Iterable[str], fake: Features, real: Features, seed: int
) -> Values:
    """Computes measures of one set against a real one.

    Where a measure takes equally many of both, the first ones of the larger
    set are used. Measures of class probabilities are left out where the
    network gives none.

    Args:
        names: Of `settings.SET_MEASURES`, the keys of `FUNCTIONS`.
        fake: The set that is measured.
        real: Held-out real images.
        seed: Of random subsets and directions.

    Returns:
        Figures by name; a measure may have several.
    """
    values: Values = {}
    for name in names:
        values.update(FUNCTIONS[name](fake, real, seed))
    return values


def compute_copying_measures(
    fake: Features, training: Features, held_out: Features
) -> Values:
    """Computes `compute_copying`'s figures in pixels and in features."""
    values = {}
    for space in ("pixels", "features"):
        copying = compute_copying(
            getattr(fake, space),
            getattr(training, space),
            getattr(held_out, space),
            are_pixels=space == "pixels",
        )
        values.update(
            {f"copying_{space}_{name}": copying[name] for name in copying}
        )
    return values


def count_pairs(fake: Features, real: Features) -> int:
    """Returns how many of each the measures of equal counts use."""
    return min(len(fake.features), len(real.features))


def _cut_equal(fake: Features, real: Features, space: str = "features"):
    count = count_pairs(fake, real)
    return getattr(real, space)[:count], getattr(fake, space)[:count]


def _frechet(fake: Features, real: Features, seed: int) -> Values:
    return {"frechet": compute_frechet_distance(real.features, fake.features)}


def _kernel(fake: Features, real: Features, seed: int) -> Values:
    mean, std = compute_kernel_distance(
        real.features,
        fake.features,
        min(_KERNEL_SUBSET, count_pairs(fake, real)),
        seed=seed,
    )
    values = {"kernel": mean}
    return values if std is None else {**values, "kernel_std": std}


def _precision_recall(fake: Features, real: Features, seed: int) -> Values:
    precision, recall = compute_precision_recall(*_cut_equal(fake, real))
    return {"precision": precision, "recall": recall}


def _c2st(fake: Features, real: Features, seed: int) -> Values:
    accuracies = compute_c2st_accuracy(*_cut_equal(fake, real))
    return {
        "c2st": accuracies["accuracy"],
        "c2st_real": accuracies["real"],
        "c2st_fake": accuracies["fake"],
    }


def _sliced_wasserstein(fake: Features, real: Features, seed: int) -> Values:
    return {
        f"sliced_wasserstein_{space}": compute_sliced_wasserstein(
            *_cut_equal(fake, real, space), seed=seed
        )
        for space in ("pixels", "features")
    }


def _inception_style_score(fake: Features, real: Features, seed: int) -> Values:
    if fake.probabilities is None:
        return {}
    num_samples, num_classes = fake.probabilities.shape
    num_splits = num_samples // (_SCORE_SAMPLES_PER_CLASS * num_classes)
    num_splits = min(max(num_splits, 1), _SCORE_SPLITS)
    mean, std = compute_inception_style_score(fake.probabilities, num_splits)
    values = {"inception_style_score": mean}
    if num_splits > 1:
        values["inception_style_score_std"] = std
    return values


def _coverage(fake: Features, real: Features, seed: int) -> Values:
    if fake.probabilities is None:
        return {}
    fractions = compute_class_fractions(fake.probabilities)
    return {
        "confident_fraction": compute_confident_fraction(fake.probabilities),
        "smallest_class_fraction": float(np.min(fractions)),
        **{
            f"class_fraction_{i}": float(value)
            for i, value in enumerate(fractions)
        },
    }


FUNCTIONS: dict[str, Callable[[Features, Features, int], Values]] = {
    "frechet": _frechet,
    "kernel": _kernel,
    "precision_recall": _precision_recall,
    "c2st": _c2st,
    "sliced_wasserstein": _sliced_wasserstein,
    "inception_style_score": _inception_style_score,
    "coverage": _coverage,
}
