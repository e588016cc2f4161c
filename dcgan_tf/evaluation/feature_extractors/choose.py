"""Chooses the feature extractor that a dataset is measured with."""

import os

import numpy as np

from dcgan_tf.evaluation.feature_extractors.classifier import load_classifier
from dcgan_tf.evaluation.feature_extractors.feature_extractor import (
    FeatureExtractor,
)
from dcgan_tf.evaluation.feature_extractors.inception import load_inception
from dcgan_tf.evaluation.feature_extractors.random import build_random_features
from dcgan_tf.evaluation.real_images import RealImages


def choose_feature_extractor(
    real: RealImages,
    name: str = "auto",
    seed: int = 0,
    cache_dir: str | os.PathLike | None = None,
    inception_path: str | os.PathLike | None = None,
) -> FeatureExtractor:
    """Builds, trains or loads a feature extractor.

    Args:
        real: The dataset.
        name: Of `settings.FEATURE_EXTRACTORS`; `auto` is the classifier
            where images are of two classes or more, else random features.
        seed: Of the extractor's weights.
        cache_dir: Where classifiers are kept; None for the default.
        inception_path: The 2015 graph's file, for `inception`.

    Raises:
        ValueError: If the dataset has no two classes for the classifier, or
            `inception` has no path.
        FileNotFoundError: If the graph isn't there.
    """
    num_classes = 0
    if real.class_names:
        num_classes = len(np.unique(real.training_labels))
    if name == "auto":
        # Of one class a classifier learns nothing.
        name = "classifier" if num_classes > 1 else "random"
    if name == "random":
        return build_random_features(real.training.shape[1:], seed)
    if name == "inception":
        if not inception_path:
            raise ValueError(
                "the inception network needs the path of its graph, "
                "classify_image_graph_def.pb; it is not part of dcgan_tf"
            )
        return load_inception(inception_path)
    if num_classes < 2:
        lack = "one class alone" if num_classes else "no classes"
        raise ValueError(
            f"dataset {real.dataset!r} has {lack} to train a classifier "
            "on; use the random features"
        )
    return load_classifier(
        real.training,
        real.training_labels,
        real.class_names,
        seed,
        cache_dir,
        (real.held_out, real.held_out_labels),
    )
