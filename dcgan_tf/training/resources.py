"""Disk space and memory: checked before a run, named when they run out."""

import contextlib
import math
import os
from collections.abc import Iterator

import keras
import tensorflow as tf

from dcgan_tf import failures
from dcgan_tf.config import RunConfig
from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.sample_grids import num_samples
from dcgan_tf.setting_names import name_setting
from dcgan_tf.training.state import TrainingState

# Of a PNG file to its pixels, at the least: smooth images compress well.
_LEAST_PNG_RATIO = 0.1


def compute_checkpoint_bytes(state: TrainingState) -> int:
    """Returns the size of a checkpoint: every variable's bytes."""
    return sum(
        math.prod(variable.shape) * tf.as_dtype(variable.dtype).size
        for part in state.trackables().values()
        for variable in _list_variables(part)
    )


def _list_variables(part) -> list:
    if isinstance(part, keras.Model):
        return part.weights
    if isinstance(part, keras.optimizers.Optimizer):
        return part.variables
    if isinstance(part, tf.Module):
        return list(part.variables)
    return [part]


def check_disk_space(
    run_dir: str | os.PathLike,
    config: RunConfig,
    checkpoint_bytes: int,
    start_step: int,
) -> None:
    """Refuses a run whose checkpoints and grids can't fit on the disk.

    Args:
        run_dir: Its folder, which need not be there.
        config: The run's settings.
        checkpoint_bytes: From `compute_checkpoint_bytes`.
        start_step: Completed steps.

    Raises:
        DiskFullError: If less is free than is surely needed.
    """
    training = config.training
    steps_left = training.steps - start_step
    num_saves = -(-steps_left // training.checkpoint_every)
    # A new one is whole before an old one goes.
    num_new = (
        training.keep_checkpoints + 1 - len(checkpoints.list_steps(run_dir))
    )
    num_checkpoints = max(1, min(num_saves, num_new))
    height, width = config.model.image_size
    grid_bytes = num_samples(config) * height * width * config.model.channels
    num_grids = -(-steps_left // training.sample_every)
    # Once as a file and once in TensorBoard's log.
    grids_bytes = 2 * num_grids * int(grid_bytes * _LEAST_PNG_RATIO)
    needed = num_checkpoints * checkpoint_bytes + grids_bytes
    free = failures.find_free_bytes(run_dir)
    if free is None or free >= needed:
        return
    size = failures.format_bytes
    raise failures.DiskFullError(
        f"{os.fspath(run_dir)!r}: {size(free)} are free, and {size(needed)} "
        f"are needed for {num_checkpoints} checkpoints of "
        f"{size(checkpoint_bytes)} and {num_grids} sample grids; make room "
        f"there, name another {name_setting('run_dir')}, or give fewer "
        f"{name_setting('keep_checkpoints')}"
    )


@contextlib.contextmanager
def shortage_named(
    run_dir: str | os.PathLike, config: RunConfig, checkpoint_bytes: int = 0
) -> Iterator[None]:
    """Puts a full disk and a full memory in one line with what would do.

    Args:
        run_dir: The run's folder.
        config: The run's settings.
        checkpoint_bytes: What is needed to save, if it is known.

    Raises:
        DiskFullError: Instead of any error of a full disk.
        FileTooLargeError: Instead of any error of a file's size.
        OutOfMemoryError: Instead of any error of memory.
    """
    advice = "The last checkpoint stays; the same command resumes from it"
    try:
        with failures.full_disk_named(run_dir, checkpoint_bytes, advice):
            yield
    except failures.OutOfMemoryError:
        raise
    except Exception as error:
        if not failures.is_out_of_memory(error):
            raise
        raise failures.OutOfMemoryError(_describe_memory(config)) from error


def _describe_memory(config: RunConfig) -> str:
    training, cache = config.training, config.data.cache
    half = max(training.batch_size // 2, 1)
    parts = name_setting("accumulate", 2 * training.accumulate)
    if training.batch_size % (2 * training.accumulate):
        parts = f"a higher {name_setting('accumulate')}"
    return (
        f"out of memory with {name_setting('batch_size', training.batch_size)} "
        f"and {name_setting('cache', cache)}: "
        f"{name_setting('batch_size', half)} in a new "
        f"{name_setting('run_dir')} takes about half of a GPU's memory, "
        f"{parts} there computes the same batch in parts, which helps where "
        f"it is large, and {name_setting('cache', 'off')} takes none of the "
        "host's for images. Checkpoints stay"
    )
