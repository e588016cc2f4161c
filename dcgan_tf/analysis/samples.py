"""Loads what views draw: a trained model, its samples, real images."""

import os
from pathlib import Path

import numpy as np

from dcgan_tf.config import ARRAYS, DataConfig, RunConfig
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.pipeline import load_images
from dcgan_tf.data.source import Source
from dcgan_tf.runs.trained_model import TrainedModel, load_trained_model

# Samples that have a number to be named by; the paper's authors drew boxes
# on as many (Section 6.3.1).
NUM_NUMBERED = 150


def load_unconditional_model(
    run_dir: str | os.PathLike, checkpoint: str = "latest", seed: int = 0
) -> TrainedModel:
    """Loads a run to look into.

    Args:
        run_dir: The run.
        checkpoint: `latest`, `best`, or a step.
        seed: Of latents and random choices.

    Raises:
        FileNotFoundError: If the folder is no run.
        ValueError: If its networks are conditional, or it has no such
            checkpoint.
    """
    model = load_trained_model(run_dir, checkpoint, seed=seed)
    if model.config.model.num_classes:
        raise ValueError(
            f"run {os.fspath(run_dir)!r} is conditional; these views look "
            "into networks without labels"
        )
    return model


def sample_numbered_latents(model: TrainedModel) -> np.ndarray:
    """Returns the latents of the 150 numbered samples of the model's seed.

    Always drawn together: a shorter draw may hold other numbers.

    Returns:
        float32 `(150, latent_dim)`.
    """
    return model.sample_latents(NUM_NUMBERED)


def get_run_name(model: TrainedModel) -> str:
    """Returns the last part of a run's folder."""
    return Path(model.name).resolve().name


def describe_images(data: DataConfig) -> str:
    """Names a run's images: a dataset, or the last part of a folder."""
    if data.dataset == ARRAYS:  # A setting's value, which names none.
        return "an unnamed collection"
    if data.image_dir is None:
        return data.dataset
    return Path(data.image_dir).resolve().name or os.fspath(data.image_dir)


def describe_origin(model: TrainedModel) -> str:
    """Returns what every caption ends with."""
    return (
        f"Run {get_run_name(model)} ({describe_images(model.config.data)}), "
        f"checkpoint of step {model.step:,}, seed {model.seed}."
    )


def load_first_images(
    config: RunConfig, count: int, split: str = "train"
) -> tuple[np.ndarray, np.ndarray | None, Source]:
    """Reads the first images that a run trains on, or was not shown.

    Args:
        config: The run's settings.
        count: How many at most.
        split: `train` or `test`.

    Returns:
        uint8 images `(count, height, width, channels)`; int32 labels
        `(count,)` or `(count, num_attributes)`, None where there are none;
        and the source, which names them.
    """
    source = load_source(config.data, split)
    real, labels = load_images(source, config.model, config.data, count)
    return real, labels, source
