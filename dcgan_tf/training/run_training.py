"""Trains a run from its settings alone: `train.py` in one call."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import keras
import tensorflow as tf

from dcgan_tf.config import RunConfig
from dcgan_tf.data.open_source import load_held_out
from dcgan_tf.data.source import Source
from dcgan_tf.kernels.precision import resolve_precision
from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.image_settings import (
    count_classes,
    has_default_evaluation,
    open_images,
)
from dcgan_tf.setting_names import name_setting
from dcgan_tf.training import loop
from dcgan_tf.training.distribution import workers
from dcgan_tf.training.distribution.strategy import build_strategy
from dcgan_tf.training.recorder import Evaluator


@dataclasses.dataclass(frozen=True)
class RunResult:
    """A run as `run_training` leaves it.

    Attributes:
        run_dir: Its folder.
        config: Its settings, as they came to be.
        training: How training ended.
        num_skipped: Images left out as unreadable.
        is_chief: Whether this process wrote the run's files.
    """

    run_dir: Path
    config: RunConfig
    training: loop.TrainingResult
    num_skipped: int
    is_chief: bool


def run_training(
    config: RunConfig,
    run_dir: str | os.PathLike,
    *,
    source: Source | None = None,
    conditional: bool = False,
    init_from: str | os.PathLike | None = None,
    build_evaluator: Callable[[RunConfig, Source], Evaluator] | None = None,
    allow_fewer_images: bool = False,
    is_evaluation_asked: bool = False,
    is_held_out_given: bool = False,
    cpu_devices: int | None = None,
    note: str | None = None,
) -> RunResult:
    """Trains a run on what its settings name, from a start or a checkpoint.

    Args:
        config: The run's settings.
        run_dir: Its folder.
        source: Real images; None for those that `config.data` names.
        conditional: Whether to condition both networks on the source's
            classes; their number then comes from it.
        init_from: `RUN` or `RUN@STEP`: another run whose networks a new run
            starts from.
        build_evaluator: Makes what chooses the best checkpoint, where
            `eval_every` asks for it; None for none.
        allow_fewer_images: Whether a resumed run's images may be fewer.
        is_evaluation_asked: Whether `eval_every` is a user's own. A default
            gives way where there are too few images or steps for it.
        is_held_out_given: Whether `build_evaluator` has images of its own to
            evaluate on, so that a new run holds out none of a folder's.
        cpu_devices: Logical devices to split the processor into; None
            leaves it as it is.
        note: What the user should know of the folder, if anything.

    Raises:
        ValueError: If settings, images and folder don't go together.
        OSError: If images aren't there or the folder can't be written.
        WorkerLostError: If another worker stopped.
    """
    if tf.distribute.has_strategy():
        raise ValueError(
            "training is called in the scope of a tf.distribute strategy, and "
            "makes its own: name one with "
            f"{name_setting('strategy', 'mirrored')}, outside of the scope"
        )
    config.training.check_cpu_devices(cpu_devices)
    if cpu_devices is not None:
        _split_processor(cpu_devices)
    if config.training.deterministic:
        # NumPy's global generator takes 32 bits.
        keras.utils.set_random_seed(config.training.seed % 2**32)
        tf.config.experimental.enable_op_determinism()
    # Before anything runs: several workers connect here.
    strategy = build_strategy(config.training.strategy, config.training.tpu)
    is_chief = workers.is_chief(strategy)
    with workers.nobody_left_waiting(strategy):
        if note and is_chief:
            print(note)
        is_new = not checkpoints.list_steps(run_dir)
        config, source = open_images(
            config, run_dir, source, is_evaluation_asked, is_held_out_given
        )
        config = count_classes(config, source, conditional)
        is_short = config.training.steps < config.training.eval_every
        is_unasked = not is_evaluation_asked and has_default_evaluation(config)
        if is_short and is_unasked:
            # There will be one checkpoint to choose from.
            build_evaluator = None
        is_evaluated = build_evaluator and config.training.eval_every
        if is_new and config.data.held_out_dir and not is_evaluated:
            # Rather refused now than after training, when they are needed.
            load_held_out(config.data, source)
        precision = resolve_precision(
            config.training.precision, strategy.num_replicas_in_sync
        )
        with workers.lost_workers_named(strategy):
            result = loop.train(
                config,
                run_dir,
                source,
                strategy,
                precision,
                init_from,
                build_evaluator=build_evaluator,
                allow_fewer_images=allow_fewer_images,
            )
            # Whoever loads the run next finds the chief's last checkpoint.
            workers.wait_for_all(strategy)
    return RunResult(
        Path(run_dir), config, result, source.num_skipped, is_chief
    )


def _split_processor(count: int) -> None:
    if count > 1 and tf.config.list_physical_devices("GPU"):
        raise ValueError(
            f"cpu_devices {count} is for machines without GPUs, and training "
            "is on this one's; leave it out, or hide them with "
            "CUDA_VISIBLE_DEVICES=-1"
        )
    try:
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0],
            [tf.config.LogicalDeviceConfiguration()] * count,
        )
    except RuntimeError:
        if len(tf.config.list_logical_devices("CPU")) == count:
            return
        raise ValueError(
            f"cpu_devices {count} comes too late: TensorFlow has started in "
            "this process and has its devices; give it in a new process"
        ) from None
