"""What is evaluated: a run's networks at one checkpoint, or an export's."""

import dataclasses
import os
from collections.abc import Callable

import keras
import numpy as np

from dcgan_tf.config import RunConfig
from dcgan_tf.evaluation.linear_probe.rows import (
    Representation,
    represent_by_discriminator,
)
from dcgan_tf.evaluation.real_images import sample_images
from dcgan_tf.runs.trained_model import load_networks


@dataclasses.dataclass(frozen=True)
class Subject:
    """A generator, and what of its discriminator can be had.

    Attributes:
        name: The run's or the export's folder.
        step: The checkpoint's.
        config: The run's settings.
        draw: From a count and a seed to uint8 samples `(count, height,
            width, channels)`, of conditional generators classes in turn.
        build_features: From uint8 training images to D's features.
        generator: In float32; None of an export, whose graph is closed.
    """

    name: str
    step: int
    config: RunConfig
    draw: Callable[[int, int], np.ndarray]
    build_features: Callable[[np.ndarray], Representation]
    generator: keras.Model | None = None


def load_run_subject(
    run_dir: str | os.PathLike, checkpoint: str = "latest"
) -> Subject:
    """Loads a run.

    Args:
        run_dir: The run.
        checkpoint: `latest`, `best`, or a step.

    Raises:
        FileNotFoundError: If the folder is no run.
        ValueError: If it has no such checkpoint.
    """
    networks = load_networks(run_dir, checkpoint)
    model = networks.config.model
    return Subject(
        name=os.fspath(run_dir),
        step=networks.step,
        config=networks.config,
        draw=lambda count, seed: sample_images(
            networks.generator, model, count, seed
        ),
        build_features=lambda images: represent_by_discriminator(
            networks.discriminator, images
        ),
        generator=networks.generator,
    )
