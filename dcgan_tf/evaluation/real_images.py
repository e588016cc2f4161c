"""Generated images to measure, and real ones to measure them by."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.pipeline import load_images
from dcgan_tf.data.source import Source
from dcgan_tf.images import to_uint8
from dcgan_tf.latents import latents_from_seeds

# As in the `sample` command: picture i of a seed is latent seed * this + i.
_SEEDS_A_SEED = 1_000_000
_BATCH_SIZE = 250
# Of a collection of millions, enough for any measure here.
_MAX_TRAINING_IMAGES = 100_000


@dataclasses.dataclass(frozen=True)
class RealImages:
    """A dataset's two sides.

    Attributes:
        training: uint8 `(num_training, height, width, channels)`.
        training_labels: int32 `(num_training,)`, attributes, or None.
        held_out: As training; never trained on.
        held_out_labels: As training labels.
        class_names: Of the labels; empty where they aren't classes.
        dataset: Its name.
        held_out_split: The name of the part held out.
    """

    training: np.ndarray
    training_labels: np.ndarray | None
    held_out: np.ndarray
    held_out_labels: np.ndarray | None
    class_names: tuple[str, ...]
    dataset: str
    held_out_split: str


def load_real_images(
    model: ModelConfig, data: DataConfig, training_source: Source | None = None
) -> RealImages:
    """Loads what a run was trained on and what was held out from it.

    Of more than 100,000 images in either, the first ones.

    Raises:
        ValueError: If the dataset has nothing held out.
        OSError: If it isn't there.
    """
    sources = (
        training_source or load_source(data),
        load_source(data, "test"),
    )
    (training, training_labels), (held_out, held_out_labels) = (
        load_images(source, model, data, _MAX_TRAINING_IMAGES)
        for source in sources
    )
    return RealImages(
        training,
        training_labels,
        held_out,
        held_out_labels,
        sources[0].label_names,
        sources[0].name,
        sources[1].split,
    )


def make_seeds(seed: int, count: int) -> np.ndarray:
    """Returns the latent seeds of a seed's first pictures, int64."""
    return np.arange(count, dtype=np.int64) + seed * _SEEDS_A_SEED


def make_labels(count: int, num_classes: int) -> np.ndarray | None:
    """Returns classes in turn, int32, or None without classes."""
    if not num_classes:
        return None
    return (np.arange(count) % num_classes).astype(np.int32)


def sample_images(
    generator: keras.Model, model: ModelConfig, count: int, seed: int
) -> np.ndarray:
    """Draws the pictures that the `sample` command draws.

    Args:
        generator: In float32, with its final batch-norm statistics.
        model: Its shape. Conditional ones draw classes in turn.
        count: How many.
        seed: Another one gives other pictures.

    Returns:
        uint8 `(count, height, width, channels)`.

    Raises:
        ValueError: If `count` is under 1.
    """
    if count < 1:
        raise ValueError(f"count is {count}; a sample takes at least 1 image")
    labels = make_labels(count, model.num_classes)

    @tf.function(reduce_retracing=True)
    def draw(seeds, labels=None):
        latents = latents_from_seeds(seeds, model.latent_dim)
        inputs = latents if labels is None else [latents, labels]
        return to_uint8(generator(inputs, training=False))

    seeds = make_seeds(seed, count)
    batches = []
    for start in range(0, count, _BATCH_SIZE):
        part = slice(start, start + _BATCH_SIZE)
        inputs = (
            [seeds[part]] if labels is None else [seeds[part], labels[part]]
        )
        batches.append(draw(*map(tf.constant, inputs)).numpy())
    return np.concatenate(batches)


def draw_noise(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Draws uniform uint8 noise: what no measure should take for real."""
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
