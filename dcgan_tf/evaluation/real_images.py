"""Real images that a model was trained on, and those held out from it."""

import dataclasses

import numpy as np

from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data.fingerprint import hash_image
from dcgan_tf.data.given.arrays import ARRAYS
from dcgan_tf.data.open_source import load_held_out, load_source
from dcgan_tf.data.pipeline import load_images
from dcgan_tf.data.source import Source, match_classes
from dcgan_tf.seeds import choose_labels

# Of a collection of millions, enough for any measure here.
MAX_TRAINING_IMAGES = 100_000


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
        training_split: The name of the part that is for training.
    """

    training: np.ndarray
    training_labels: np.ndarray | None
    held_out: np.ndarray
    held_out_labels: np.ndarray | None
    class_names: tuple[str, ...]
    dataset: str
    held_out_split: str
    training_split: str = "train"


def load_real_images(
    model: ModelConfig,
    data: DataConfig,
    training_source: Source | None = None,
    held_out_source: Source | None = None,
) -> RealImages:
    """Loads what a run was trained on and what was held out from it.

    Of more than 100,000 images in either, the first ones.

    Args:
        model: The images' size and channels.
        data: What the run was trained on.
        training_source: Its training images, if they are open; their store
            is used where there is one.
        held_out_source: Images held out from it, if they are open. Where
            they are of other classes, these count as none.

    Returns:
        Both, without a file in common; copies of one may be in both, see
        `count_shared`.

    Raises:
        ValueError: If the dataset has nothing held out.
        OSError: If it isn't there.
    """
    training_source = training_source or load_source(data)
    if held_out_source is None:
        held_out_source = load_held_out(data, training_source)
    elif training_source.label_names:
        held_out_source = match_classes(held_out_source, training_source)
    (training, training_labels), (held_out, held_out_labels) = (
        load_images(source, model, data, MAX_TRAINING_IMAGES)
        for source in (training_source, held_out_source)
    )
    return RealImages(
        training=training,
        training_labels=training_labels,
        held_out=held_out,
        held_out_labels=held_out_labels,
        class_names=training_source.label_names,
        dataset=training_source.name,
        held_out_split=held_out_source.split,
        training_split=training_source.split,
    )


def count_shared(real: RealImages) -> int:
    """Counts the held-out images that are training images, pixel by pixel."""
    training = {hash_image(image.tobytes()) for image in real.training}
    return sum(
        hash_image(image.tobytes()) in training for image in real.held_out
    )


def check_held_out(dataset: str, held_out_source: Source | None) -> None:
    """Checks that there are images to evaluate a model on.

    Args:
        dataset: The name of what it was trained on.
        held_out_source: Images that it wasn't, where a program gave some.

    Raises:
        ValueError: If there are none.
    """
    if dataset == ARRAYS and held_out_source is None:
        raise ValueError(
            "evaluating takes images that training doesn't see, and of arrays "
            "none are known: give some as held_out"
        )


def draw_noise(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Draws uniform uint8 noise: what no measure should take for real."""
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def draw_labels_as(
    training_labels: np.ndarray | None, seeds: np.ndarray, num_classes: int
) -> np.ndarray | None:
    """Chooses samples' classes in the proportions of the training images.

    Those of the training images that are the floor: classes in turn would be
    another distribution than theirs, however good each sample is.

    Args:
        training_labels: int `(num_training,)`; None where there are none.
        seeds: int64 `(count,)`, of the samples.
        num_classes: Of the generator; 0 for none.

    Returns:
        int32 `(count,)`, classes in turn where the images' are others; None
        without classes.
    """
    in_turn = choose_labels(seeds, num_classes)
    if in_turn is None or training_labels is None or training_labels.ndim != 1:
        return in_turn
    if training_labels.min() < 0 or training_labels.max() >= num_classes:
        return in_turn
    return np.resize(training_labels, len(seeds)).astype(np.int32)
