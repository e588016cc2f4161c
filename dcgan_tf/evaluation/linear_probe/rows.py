"""Rows of the probe table: maps from images to features."""

from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf.images import check_uint8_images, to_float
from dcgan_tf.models.batch_norm import reestimate_statistics
from dcgan_tf.models.features import (
    AdaptiveMaxPooling,
    build_feature_extractor,
)

# From uint8 images to float32 `(num_images, num_features)`.
Representation = Callable[[np.ndarray], np.ndarray]

_BATCH_SIZE = 128
_NUM_STATISTICS_IMAGES = 10_000
_GRID_SIZE = 4


def represent_by_pixels(images: np.ndarray) -> np.ndarray:
    """Returns the images themselves, in `[-1, 1]`."""
    check_uint8_images(images, "the linear probe")
    return to_float(images).numpy().reshape(len(images), -1)


def represent_by_discriminator(
    discriminator: keras.Model, training_images: np.ndarray
) -> Representation:
    """Makes D's pooled activations features of images (Section 5.1).

    D's batch-norm statistics are re-estimated on real images first and then
    frozen, as in the authors' script: those of training are of generated
    images too.

    Args:
        discriminator: Unconditional, in float32. Its statistics change.
        training_images: uint8; up to 10,000 of them are used.

    Raises:
        ValueError: If the discriminator is conditional.
    """
    extractor = build_feature_extractor(discriminator)
    chosen = training_images[:_NUM_STATISTICS_IMAGES]
    reestimate_statistics(discriminator, map(to_float, _batch(chosen)))
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
