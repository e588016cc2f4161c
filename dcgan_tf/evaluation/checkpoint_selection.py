"""Selects the best checkpoint while training, by a cheap measure."""

import os
from collections.abc import Callable

import keras

from dcgan_tf.config import RunConfig
from dcgan_tf.data.source import Source
from dcgan_tf.evaluation.feature_extractors.choose import (
    choose_feature_extractor,
)
from dcgan_tf.evaluation.feature_extractors.feature_extractor import (
    compute_features,
)
from dcgan_tf.evaluation.metrics.frechet import compute_frechet_distance
from dcgan_tf.evaluation.real_images import load_real_images
from dcgan_tf.runs.sampling import sample_images

_NUM_IMAGES = 2_000
# Not those that anyone looks at: the best of many is best on these alone.
_SEED = 999


def build_quick_evaluator(
    config: RunConfig,
    cache_dir: str | os.PathLike | None = None,
    training_source: Source | None = None,
    held_out_source: Source | None = None,
) -> Callable[[keras.Model], dict[str, float]]:
    """Builds what training calls to find its best checkpoint.

    Fréchet distance of 2,000 samples to up to 2,000 held-out images, in the
    features of the dataset's classifier or, without classes, random ones.

    Args:
        config: The run's settings.
        cache_dir: Where classifiers are kept; None for the default.
        training_source: The run's training images, if they are open.
        held_out_source: Images held out from it, if they are open.

    Returns:
        From a generator, in inference mode, to `frechet_classifier` or
        `frechet_random`; less is better.

    Raises:
        ValueError: If the dataset has nothing held out.
        OSError: If it isn't there.
    """
    real = load_real_images(
        config.model, config.data, training_source, held_out_source
    )
    network = choose_feature_extractor(real, cache_dir=cache_dir)
    held_out = compute_features(network, real.held_out[:_NUM_IMAGES]).features

    def evaluate(generator: keras.Model) -> dict[str, float]:
        samples = sample_images(generator, config.model, _NUM_IMAGES, _SEED)
        features = compute_features(network, samples).features
        distance = compute_frechet_distance(held_out, features)
        return {f"frechet_{network.name}": distance}

    return evaluate
