"""Distances of a real run: training images, late and early samples, noise."""

import dataclasses
import functools
from itertools import pairwise

import pytest

from dcgan_tf.data.open_source import load_source
from dcgan_tf.evaluation import set_measures
from dcgan_tf.evaluation.feature_extractors.choose import (
    choose_feature_extractor,
)
from dcgan_tf.evaluation.feature_extractors.feature_extractor import (
    compute_features,
)
from dcgan_tf.evaluation.real_images import draw_noise, load_real_images
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.runs.sampling import sample_images
from dcgan_tf.runs.trained_model import load_trained_model
from dcgan_tf.training.distribution.strategy import build_strategy
from dcgan_tf.training.loop import train

EARLY, LATE = 150, 600
NUM_IMAGES = 600
# From nearest to the held-out digits to farthest.
ORDER = ("training", "late", "early", "noise")


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Measures of each set beside held-out digits."""
    folder = tmp_path_factory.mktemp("run")
    config = resolve_run_config(
        {
            "preset": "mnist_32",
            "base_filters": 8,
            "steps": LATE,
            "batch_size": 32,
            "learning_rate": 4e-4,
            "ema_decay": 0.9,
            "checkpoint_every": EARLY,
            "keep_checkpoints": LATE // EARLY,
            "sample_every": LATE,
            "precision": "float32",
        }
    )
    train(
        config,
        folder,
        load_source(config.data),
        build_strategy("one_device"),
    )
    real = load_real_images(config.model, config.data)
    few = dataclasses.replace(
        real,
        training=real.training[:800],
        training_labels=real.training_labels[:800],
    )
    network = choose_feature_extractor(
        few, "classifier", cache_dir=tmp_path_factory.mktemp("cache")
    )
    sets = {
        "training": real.training[-NUM_IMAGES:],
        "noise": draw_noise((NUM_IMAGES, 32, 32, 1), 0),
    }
    for name, step in (("early", EARLY), ("late", LATE)):
        generator = load_trained_model(folder, str(step)).generator
        sets[name] = sample_images(generator, config.model, NUM_IMAGES, 0)
    held_out = compute_features(network, real.held_out[:NUM_IMAGES])
    names = (
        "frechet",
        "kernel",
        "precision_recall",
        "c2st",
        "sliced_wasserstein",
    )
    with pytest.MonkeyPatch.context() as patch:
        # Every subset is all of the images, in another order: two are as good
        # as a hundred.
        patch.setattr(
            set_measures,
            "compute_kernel_distance",
            functools.partial(
                set_measures.compute_kernel_distance, num_subsets=2
            ),
        )
        return {
            name: set_measures.compute_measures(
                names, compute_features(network, images), held_out, seed=0
            )
            for name, images in sets.items()
        }


@pytest.mark.slow
@pytest.mark.parametrize(
    "measure, floor, ceiling",
    [
        # At most for training digits, at least for noise.
        ("frechet", 6, 100),
        ("kernel", 0.5, 20),
        ("sliced_wasserstein_pixels", 0.1, 0.5),
        ("sliced_wasserstein_features", 0.25, 1),
        ("c2st", 0.62, 0.99),
    ],
)
def test_distances_fall_from_noise_to_training_images(
    measured, measure, floor, ceiling
):
    values = [measured[name][measure] for name in ORDER]
    # A classifier that is right on all can't do better on noise.
    assert all(a < b or a == b == 1 for a, b in pairwise(values)), values
    assert values[0] < floor and values[-1] > ceiling


@pytest.mark.slow
def test_recall_rises_and_noise_is_not_precise(measured):
    precision = {name: measured[name]["precision"] for name in measured}
    recall = {name: measured[name]["recall"] for name in measured}
    assert precision["noise"] < 0.02 and precision["training"] > 0.8
    # Few kinds of digits, each a likely one, may be more precise than real
    # ones are: samples fall behind in how much of the data they cover.
    assert precision["noise"] < min(precision["early"], precision["late"])
    assert recall["early"] < recall["late"] < recall["training"]
