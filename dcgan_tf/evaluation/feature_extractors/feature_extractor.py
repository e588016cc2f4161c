"""Feature extractors: networks whose features distances are measured in."""

import dataclasses
from collections.abc import Callable

import numpy as np

from dcgan_tf.images import check_uint8_images, to_float

_BATCH_SIZE = 256


@dataclasses.dataclass(frozen=True)
class FeatureExtractor:
    """A fixed map from images to features.

    Two distances compare only where all of this is the same.

    Attributes:
        name: `classifier`, `random` or `inception`.
        description: What it is, with what is known of its quality.
        resize: How images become its input.
        seed: Of its weights; None where they come from a file.
        apply: From uint8 images `(batch, height, width, channels)` to
            float32 features `(batch, num_features)` and class probabilities
            `(batch, num_classes)`, or None where it knows no classes.
    """

    name: str
    description: str
    resize: str
    seed: int | None
    apply: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]


@dataclasses.dataclass(frozen=True)
class Features:
    """A set of images as a network sees it.

    Attributes:
        features: float32 `(num_images, num_features)`.
        probabilities: float32 `(num_images, num_classes)` or None.
        pixels: float32 `(num_images, height * width * channels)`, in
            `[-1, 1]`.
    """

    features: np.ndarray
    probabilities: np.ndarray | None
    pixels: np.ndarray


def compute_features(network: FeatureExtractor, images: np.ndarray) -> Features:
    """Applies a network in batches.

    Args:
        network: The map.
        images: uint8 `(num_images, height, width, channels)`, one or more.

    Raises:
        ValueError: If there are no images, or they aren't uint8.
    """
    check_uint8_images(images, f"the feature extractor {network.name}")
    batches = [
        network.apply(images[start : start + _BATCH_SIZE])
        for start in range(0, len(images), _BATCH_SIZE)
    ]
    features, probabilities = zip(*batches, strict=True)
    return Features(
        np.concatenate(features),
        None if probabilities[0] is None else np.concatenate(probabilities),
        to_float(images).numpy().reshape(len(images), -1),
    )
