"""The discriminator's batch-norm statistics, measured on a run's images.

Those of training lag behind the weights, mix real and generated batches, and
belong to the last weights rather than to their average. One measurement on
real images serves whoever asks: probes, views, exports, the library.

Without real images D keeps those of training. On a run of faces its features
were then 17% off; with statistics of G's images they were 39%, and with the
last weights instead of the averaged ones 33%.
"""

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf.config import ARRAYS, DataConfig, RunConfig, takes_setting
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.pipeline import build_training_dataset
from dcgan_tf.data.source import Source
from dcgan_tf.models.batch_norm import list_norms, reestimate_statistics
from dcgan_tf.setting_names import has_setting, name_setting

# Enough that the statistics' own noise is small beside a batch's.
_BATCH_SIZE = 128
_NUM_BATCHES = 8


def load_real_batches(
    config: RunConfig,
    real_data: DataConfig | None,
    log: Callable[[str], None],
    source: Source | None = None,
    find_others: Callable[[Source], str | None] = lambda source: None,
) -> list[np.ndarray]:
    """Reads 1,024 of a run's training images, or all there are of fewer.

    None of them twice: a collection that is smaller gives fewer batches, or
    smaller ones, and the few that are left over are left out.

    In an order that the run's seed decides, so that every call gives the
    same ones.

    Args:
        config: The run's settings.
        real_data: Where the images are, if not where the run says; it may
            name other held-out images alone.
        log: Takes a line where there are none, or others.
        source: The images themselves, where they are open.
        find_others: Says so where images that `real_data` names aren't the
            run's.

    Returns:
        float32 `(batch, height, width, channels)` in `[-1, 1]`; empty where
        the run's data can't be read.

    Raises:
        ValueError: If `real_data` says where the images are, and there are
            none.
        OSError: If it does, and they can't be read.
    """
    data = real_data or config.data
    is_moved = not _is_same_training(data, config.data)
    try:
        source = source or load_source(data, "train")
        if is_moved and (line := find_others(source)):
            log(line)
        return _read(config, data, source)
    except (ValueError, OSError, ImportError, tf.errors.OpError) as error:
        if is_moved:
            raise
        effect = ""
        if config.model.discriminator_batch_norm:
            effect = "the discriminator keeps its saved batch-norm statistics, "
            effect += "since "
        log(f"{effect}the run's data can't be read ({error}){_advise(data)}")
        return []


def _advise(data: DataConfig) -> str:
    """Says what would do after `; `; '' where nothing would."""
    names = ["image_dir"] if has_setting("image_dir") else []
    # `load` takes no folder of TFDS's, and other data lie in none.
    if has_setting("data_dir", False) and takes_setting(
        data.dataset, "data_dir"
    ):
        names.insert(0, "data_dir")
    if names:
        return f"; {' or '.join(map(name_setting, names))} says where it is"
    return "" if data.dataset == ARRAYS else "; put it back where it was"


def choose_batches(num_images: int) -> tuple[int, int]:
    """Chooses batches to measure statistics on: up to 8 of up to 128 images.

    All of one size, as each counts alike, and of as many images as go into so
    many.

    Returns:
        Their number and size.
    """
    count = min(num_images, _BATCH_SIZE * _NUM_BATCHES)
    num_batches = -(-count // _BATCH_SIZE)
    return num_batches, count // num_batches


def _is_same_training(data: DataConfig, other: DataConfig) -> bool:
    """Whether two settings differ in held-out images at most."""
    held_out_dir = other.held_out_dir
    return dataclasses.replace(data, held_out_dir=held_out_dir) == other


def _read(
    config: RunConfig, data: DataConfig, source: Source
) -> list[np.ndarray]:
    num_batches, batch_size = choose_batches(source.num_examples)
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
    return [batch.numpy() for batch in dataset.take(num_batches)]


def reestimate_discriminator(
    discriminator: keras.Model, get_real_batches: Callable[[], list[np.ndarray]]
) -> None:
    """Sets D's batch-norm statistics to those of real images.

    A conditional D, whose images need labels, keeps those of training, and
    so does one without real images to measure on.

    Args:
        discriminator: Changed in place.
        get_real_batches: Gives what `load_real_batches` does. It isn't called
            for a D without batch norm, or a conditional one.
    """
    if len(discriminator.inputs) > 1 or not list_norms(discriminator):
        return
    if real_batches := get_real_batches():
        reestimate_statistics(discriminator, real_batches)
