"""Representations that a probe compares: maps from images to features."""

from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf.images import check_uint8_images, to_float
from dcgan_tf.models.features import (
    AdaptiveMaxPooling,
    build_feature_extractor,
)

# From uint8 images to float32 `(num_images, num_features)`.
Representation = Callable[[np.ndarray], np.ndarray]

_BATCH_SIZE = 128
_GRID_SIZE = 4


def represent_by_pixels(images: np.ndarray) -> np.ndarray:
    """Returns the images themselves, in `[-1, 1]`."""
    check_uint8_images(images, "the linear probe")
    return to_float(images).numpy().reshape(len(images), -1)


def represent_by_discriminator(discriminator: keras.Model) -> Representation:
    """Makes D's pooled activations features of images (Section 5.1).

    Args:
        discriminator: Unconditional, in float32, with its final statistics.

    Raises:
        ValueError: If the discriminator is conditional.
    """
    extractor = build_feature_extractor(discriminator)
    return _make_compute(
        lambda images: extractor(images, training=False)["features"]
    )


def represent_by_generator(
    generator: keras.Model, encoder: keras.Model
) -> Representation:
    """Makes G's pooled activations at an image's latent its features.

    An encoder guesses the latent; G's maps after each ReLU, which redraw the
    image, are pooled as D's are.

    Args:
        generator: Unconditional, in float32.
        encoder: From images to latents, from `train_encoder`.
    """
    vectors = []
    for layer in generator.layers:
        if isinstance(layer, keras.layers.ReLU):
            pooled = AdaptiveMaxPooling(_GRID_SIZE)(layer.output)
            vectors.append(keras.layers.Flatten()(pooled))
    maps = keras.Model(generator.inputs[0], keras.layers.Concatenate()(vectors))
    return _make_compute(
        lambda images: maps(encoder(images, training=False), training=False)
    )


def _make_compute(apply: Callable) -> Representation:
    traced = tf.function(
        lambda images: apply(to_float(images)), reduce_retracing=True
    )

    def compute(images: np.ndarray) -> np.ndarray:
        check_uint8_images(images, "the linear probe")
        return np.concatenate(
            [traced(tf.constant(batch)).numpy() for batch in _batch(images)]
        )

    return compute


def _batch(images: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(images), _BATCH_SIZE):
        yield images[start : start + _BATCH_SIZE]
