"""Real images for an export: D's statistics and the ranges of integers."""

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf.config import DataConfig, RunConfig
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.pipeline import build_training_dataset
from dcgan_tf.models.batch_norm import reestimate_statistics

# Enough that the statistics' own noise is small beside a batch's.
_BATCH_SIZE = 128
_NUM_BATCHES = 8


def read_real_batches(
    config: RunConfig,
    real_data: DataConfig | None = None,
    say: Callable[[str], None] = print,
) -> list[np.ndarray]:
    """Reads some batches of a run's real images, in a random order.

    Args:
        config: The run's settings.
        real_data: Where the images are, if not where the run says.
        say: Takes a line for the user where there are none.

    Returns:
        float32 `(batch, height, width, channels)` in `[-1, 1]`; empty where
        the run's data is not to be had.

    Raises:
        ValueError: If `real_data` was given and is no data.
        OSError: If `real_data` was given and can't be read.
    """
    try:
        return _read(config, real_data or config.data)
    except (ValueError, OSError, ImportError, tf.errors.OpError) as error:
        if real_data is not None:
            raise
        say(
            "the discriminator keeps its saved batch-norm statistics, since "
            f"the run's data can't be read ({error}); --data_dir or "
            "--image_dir says where it is"
        )
        return []


def _read(config: RunConfig, data: DataConfig) -> list[np.ndarray]:
    source = load_source(data, "train")
    batch_size = min(_BATCH_SIZE, source.num_examples)
    if source.read is not None:
        # A few batches don't repay decoding everything.
        data = dataclasses.replace(data, cache="off")
    dataset = build_training_dataset(
        source,
        config.model,
        data,
        batch_size_per_replica=batch_size,
        global_batch_size=batch_size,
        seed=config.training.seed,
    )
    return [batch.numpy() for batch in dataset.take(_NUM_BATCHES)]


def measure_statistics(
    discriminator: keras.Model,
    batches: list[np.ndarray],
    say: Callable[[str], None] = print,
) -> None:
    """Re-estimates D's batch-norm statistics on real images, if any.

    Args:
        discriminator: Changed in place.
        batches: From `read_real_batches`.
        say: Takes a line for the user.
    """
    if not batches:
        return
    reestimate_statistics(discriminator, batches)
    count = sum(map(len, batches))
    say(
        "the discriminator's batch-norm statistics were measured on "
        f"{count:,} real images"
    )
