"""Rows of a probe's table: maps from images to features."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from dcgan_tf.data.fingerprint import digest_arrays
from dcgan_tf.evaluation.linear_probe.encoder import train_latent_encoder
from dcgan_tf.evaluation.settings import Log
from dcgan_tf.images import check_uint8_images, to_float
from dcgan_tf.kernels.keras_settings import own_keras_settings
from dcgan_tf.models.features import (
    AdaptiveMaxPooling,
    FeatureFunction,
    compute_in_batches,
    make_feature_function,
)
from dcgan_tf.runs.final_networks import digest_weights
from dcgan_tf.runs.trained_model import TrainedModel, load_start
from dcgan_tf.traced import traced

_GRID_SIZE = 4


@dataclasses.dataclass(frozen=True)
class Row:
    """Features that a probe compares.

    Attributes:
        short_name: Of `PROBE_ROWS`.
        compute: From uint8 images to float32 features; whatever it needs is
            made when it is first called.
        identify: Gives what the features depend on besides the images.
    """

    short_name: str
    compute: FeatureFunction
    identify: Callable[[], Mapping[str, Any]] = dict


def list_representations(
    model: TrainedModel, seed: int, log: Log
) -> dict[str, Row]:
    """Lists what a probe compares, by the names that its table has.

    D; raw pixels; D before training, which has random weights, or, for a run
    that started from another one's networks, those; and G's activations.

    Args:
        model: Unconditional.
        seed: Of the encoder that recovers latents.
        log: Takes lines on what is being done.

    Raises:
        ValueError: If the model is conditional.
    """
    check_has_features(model)
    rows = {
        "D": Row(
            "D",
            lambda images: model.compute_features(images),
            lambda: _identify_discriminator(model),
        ),
        "raw pixels": Row("pixels", represent_by_pixels),
    }
    start = load_start(model, log)
    if start is not None:
        rows["D at the start"] = Row(
            "start",
            lambda images: start.compute_features(images),
            lambda: _identify_discriminator(start),
        )
    rows[model.random_discriminator_name] = _make_random_row(model)
    if not model.is_export:
        rows["G at the recovered latent"] = _make_latent_row(model, seed, log)
    return rows


def _identify_discriminator(model: TrainedModel) -> dict[str, str]:
    # An export's statistics are its own.
    batches = [] if model.is_export else model.real_batches
    return {
        "weights": model.digest_discriminator(),
        "statistics": digest_arrays(batches),
    }


def _make_random_row(model: TrainedModel) -> Row:
    return Row(
        "untrained",
        _when_called(
            lambda: make_feature_function(model.build_random_discriminator())
        ),
        lambda: {
            "model": dataclasses.asdict(model.config.model),
            "weights_seed": model.config.training.seed,
            "statistics": digest_arrays(model.real_batches),
        },
    )


def _make_latent_row(model: TrainedModel, seed: int, log: Log) -> Row:
    def represent():
        log("training the encoder from images to latents")
        encoder = train_latent_encoder(
            model.generator, model.config.model, seed=seed, log=log
        )
        return represent_by_generator(model.generator, encoder)

    return Row(
        "G",
        _when_called(represent),
        lambda: {"weights": digest_weights(model.generator)},
    )


def _when_called(load: Callable[[], FeatureFunction]) -> FeatureFunction:
    """Puts off making a representation: a kept row never needs it."""
    load = functools.cache(load)
    return lambda images: load()(images)


def check_has_features(model: TrainedModel) -> None:
    """Refuses a model whose D has no features of images alone.

    Raises:
        ValueError: If it is conditional, or of a family without maps to pool.
    """
    if refusal := model.config.model.features_refusal:
        raise ValueError(refusal)


def represent_by_pixels(images: np.ndarray) -> np.ndarray:
    """Returns the images themselves, in `[-1, 1]`."""
    check_uint8_images(images, "the linear probe")
    return to_float(images).numpy().reshape(len(images), -1)


@own_keras_settings()
def represent_by_generator(
    generator: keras.Model, encoder: keras.Model
) -> FeatureFunction:
    """Makes G's pooled activations at an image's latent its features.

    An encoder guesses the latent; G's maps after each ReLU, which redraw the
    image, are pooled as D's are.

    Args:
        generator: Unconditional, in float32.
        encoder: From images to latents, from `train_latent_encoder`.
    """
    vectors = []
    for layer in generator.layers:
        if isinstance(layer, keras.layers.ReLU):
            pooled = AdaptiveMaxPooling(_GRID_SIZE)(layer.output)
            vectors.append(keras.layers.Flatten()(pooled))
    maps = keras.Model(generator.inputs[0], keras.layers.Concatenate()(vectors))
    return compute_in_batches(
        traced(
            lambda images: maps(encoder(images, training=False), training=False)
        )
    )
