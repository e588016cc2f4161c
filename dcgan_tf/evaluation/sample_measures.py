"""Measures a model's samples: distances, memorization, 1-NN."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from dcgan_tf.evaluation.copying import draw_suspects, warn_of_copies
from dcgan_tf.evaluation.feature_extractors.choose import (
    choose_feature_extractor,
)
from dcgan_tf.evaluation.feature_extractors.feature_extractor import (
    Features,
    compute_features,
)
from dcgan_tf.evaluation.measures.one_nn import compute_one_nn_error
from dcgan_tf.evaluation.real_images import (
    RealImages,
    count_shared,
    draw_labels_as,
    draw_noise,
)
from dcgan_tf.evaluation.set_measures import (
    compute_copying_measures,
    compute_measures,
    count_pairs,
)
from dcgan_tf.evaluation.settings import SET_MEASURES, Log, Settings
from dcgan_tf.runs.trained_model import TrainedModel
from dcgan_tf.seeds import choose_labels, make_seeds
from dcgan_tf.setting_names import name_setting

_NUM_ONE_NN_SAMPLES = 10_000
# A few are found in any large collection.
_SHARED_LIMIT = 0.05
# Of fewer real images, what a distance is above 0 is mostly their number's.
FEW_IMAGES = 300


def measure_samples(
    model: TrainedModel,
    settings: Settings,
    real: RealImages,
    prefix: Path,
    log: Log,
) -> dict:
    """Measures samples, training images and noise by held-out images.

    Args:
        model: Whose samples.
        settings: Which measures, in which extractor.
        real: The dataset.
        prefix: Start of the figures' names.
        log: Takes lines on what is being done.

    Returns:
        `measures` by set, the `feature_extractor` and `counts` that they
        depend on, and `warnings`.

    Raises:
        ValueError: If a measure isn't defined for so few images.
    """
    count, seed = settings.num_samples, settings.seed
    is_few = min(len(real.held_out), len(real.training)) < FEW_IMAGES
    if is_few:
        # As many as the floor is of: what few images bring is in both.
        count = min(count, len(real.training))
    measures = _choose_measures(
        settings, min(count, len(real.held_out)), count, log
    )
    log("preparing the feature extractor")
    extractor = choose_feature_extractor(
        real,
        settings.feature_extractor,
        seed,
        settings.cache_dir,
        settings.inception_path,
    )
    log(f"drawing {count} samples")
    sets = {}
    for name, images in _draw_sets(model, real, count, seed).items():
        log(f"features of {len(images)} images: {name}")
        sets[name] = _ImageSet(images, compute_features(extractor, images))
    names = [name for name in measures if name in SET_MEASURES]
    values = _measure_distances(names, sets, seed, log)
    warnings = warn_of_shared(real)
    if is_few and names:
        warnings += _warn_of_few(real, names, values["training"])
    if "copying" in measures:
        log("nearest training images")
        features = compute_features(extractor, real.training)
        training = _ImageSet(real.training, features)
        path = f"{prefix}-neighbours.png"
        copying = _measure_copying(sets, training, path, model)
        values["samples"] |= copying
        warnings += warn_of_copies(copying, len(sets["held_out"].images))
    pairs = count_pairs(sets["samples"].features, sets["held_out"].features)
    return {
        "feature_extractor": {
            key: getattr(extractor, key)
            for key in ("name", "description", "resize", "seed")
        },
        "counts": {
            **{name: len(members.images) for name, members in sets.items()},
            "equal_pairs": pairs,
        },
        "measures": values,
        "warnings": warnings,
    }


class _ImageSet(NamedTuple):
    images: np.ndarray
    features: Features


def _draw_sets(
    model: TrainedModel, real: RealImages, count: int, seed: int
) -> dict[str, np.ndarray]:
    """Draws samples, and what they are compared with: as many, if there are.

    Returns:
        uint8 `(count, height, width, channels)` of `samples`, `training`,
        `noise` and `held_out`, by which the others are measured.
    """
    seeds = make_seeds(seed, count)
    labels = draw_labels_as(
        real.training_labels, seeds, model.config.model.num_classes
    )
    return {
        "samples": model.sample_from_seeds(seeds, labels),
        "training": real.training[:count],
        "noise": draw_noise((count, *real.held_out.shape[1:]), seed),
        "held_out": real.held_out[:count],
    }


def _measure_distances(
    names: list[str], sets: dict[str, _ImageSet], seed: int, log: Log
) -> dict[str, dict[str, float]]:
    """Measures every set by the held-out images."""
    values = {}
    for name, members in sets.items():
        if name == "held_out":
            continue
        log(f"measures: {name}")
        values[name] = compute_measures(
            names, members.features, sets["held_out"].features, seed
        )
    return values


def _measure_copying(
    sets: dict[str, _ImageSet],
    training: _ImageSet,
    path: str,
    model: TrainedModel,
) -> dict[str, float]:
    """Measures how near samples are to all training images; draws some."""
    copying = compute_copying_measures(
        sets["samples"].features, training.features, sets["held_out"].features
    )
    draw_suspects(path, sets["samples"], training, model)
    return copying


def _choose_measures(
    settings: Settings, num_held_out: int, num_samples: int, log: Log
) -> list[str]:
    """Leaves out measures of more images than there are, before any is slow.

    Raises:
        ValueError: If one of them was asked for by name.
    """
    chosen = []
    for name in settings.measures:
        measure = SET_MEASURES.get(name)
        fewest = measure.fewest if measure else 1
        if min(num_samples, num_held_out) >= fewest:
            chosen.append(name)
            continue
        lack = (
            f"{name} takes at least {fewest} samples and {fewest} held-out "
            f"images; there are {num_samples} and {num_held_out}"
        )
        if settings.are_named:
            raise ValueError(
                f"{lack}: raise {name_setting('num_samples')}, hold out more "
                f"images, or leave {name} out of {name_setting('measures')}"
            )
        log(f"{lack}: it is left out")
    return chosen


def warn_of_shared(real: RealImages) -> list[str]:
    """Warns where more than 5% of the held-out images are trained on."""
    count = count_shared(real)
    if count <= _SHARED_LIMIT * len(real.held_out):
        return []
    return [
        f"{count:,} of the {len(real.held_out):,} held-out images are training "
        "images too, to the pixel: distances and copying say little; hold out "
        "others, or see dcgan dedup"
    ]


def _warn_of_few(
    real: RealImages, names: list[str], floor: dict[str, float]
) -> list[str]:
    """Warns of few images; what begins alike is of the same, see `save_report`.

    Args:
        real: The images.
        names: Of the measures.
        floor: The training images' figures.
    """
    warnings = [
        f"{len(real.held_out)} held-out and {len(real.training)} training "
        "images are few: compare figures of equal counts alone, and take no "
        "small difference for one"
    ]
    if not any(SET_MEASURES[name].is_biased for name in names):
        return warnings
    distance = (
        f", {floor['frechet']:.4g} for the Fréchet distance"
        if "frechet" in floor
        else ""
    )
    return [
        *warnings,
        "distances of so few images are too large by about as much as the "
        f"floor: look at what lies above that of the training images{distance}",
    ]


def classify_by_neighbours(
    model: TrainedModel, real: RealImages, seed: int, log: Log
) -> dict:
    """Fits 1-NN on labelled samples and tests it on held-out images.

    The appendix's test (Section 8), beside 1-NN on the training images.

    Args:
        model: Conditional.
        real: The dataset.
        seed: Of the samples.
        log: Takes a line on what is being done.
    """
    log(f"1-NN fitted on {_NUM_ONE_NN_SAMPLES} samples")
    samples = model.sample_images(_NUM_ONE_NN_SAMPLES, seed)
    labels = choose_labels(
        make_seeds(seed, len(samples)), model.config.model.num_classes
    )
    test = real.held_out, real.held_out_labels
    return {
        "num_samples": len(samples),
        "num_training": len(real.training),
        "num_test": len(real.held_out),
        "space": "pixels",
        "samples_error": compute_one_nn_error(samples, labels, *test),
        "training_error": compute_one_nn_error(
            real.training, real.training_labels, *test
        ),
    }
