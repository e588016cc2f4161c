"""Trains a run from its settings alone: `train.py` in one call."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import keras
import tensorflow as tf

from dcgan_tf.config import RunConfig
from dcgan_tf.data.held_out import AUTO, NONE
from dcgan_tf.data.open_source import load_held_out, load_source
from dcgan_tf.data.source import Source
from dcgan_tf.kernels.precision import resolve_precision
from dcgan_tf.presets import choose_eval_every
from dcgan_tf.runs import checkpoints, folder
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
    cpu_devices: int | None = None,
    note: str | None = None,
    log: Callable[[str], None] = print,
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
        cpu_devices: Logical devices to split the processor into; None
            leaves it as it is.
        note: What the user should know of the folder, if anything.
        log: Takes lines for the user.

    Raises:
        ValueError: If settings, images and folder don't go together.
        OSError: If images aren't there or the folder can't be written.
        WorkerLostError: If another worker stopped.
    """
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
            log(note)
        is_new = not checkpoints.list_steps(run_dir)
        if not is_new:
            config = folder.keep_recorded_data(run_dir, config)
        elif config.data.held_out_dir is not None:
            config = _hold_out_nothing(config)
        source = source or load_source(config.data)
        if is_new and _takes_all_to_fill_a_batch(config, source):
            config = _hold_out_nothing(config)
            source = load_source(config.data)
        if _is_evaluated_unasked(config):
            if is_new and not _can_evaluate(config, source):
                config = _evaluate_never(config)
            if config.training.steps < config.training.eval_every:
                # There will be one checkpoint to choose from.
                build_evaluator = None
        is_evaluated = build_evaluator and config.training.eval_every
        if is_new and config.data.held_out_dir and not is_evaluated:
            # Rather refused now than after training, when they are needed.
            load_held_out(config.data, source)
        config = _record_reading(config, source)
        if (
            conditional
            or config.data.condition_on is not None
            or config.model.num_classes
        ):
            config = _count_classes(config, source)
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


def _hold_out_nothing(config: RunConfig) -> RunConfig:
    data = dataclasses.replace(config.data, hold_out=NONE)
    return dataclasses.replace(config, data=data)


def _takes_all_to_fill_a_batch(config: RunConfig, source: Source) -> bool:
    """Whether a folder fills a batch only if nothing is held out of it."""
    count = source.num_examples
    is_own_folder = config.data.image_dir is not None
    fills = count < config.training.batch_size <= count + source.num_held_out
    return is_own_folder and fills and config.data.hold_out != NONE


def _is_evaluated_unasked(config: RunConfig) -> bool:
    training = config.training
    default = choose_eval_every(config.data.dataset, training.batch_size)
    return training.eval_every == default and not training.patience


def _can_evaluate(config: RunConfig, source: Source) -> bool:
    """Whether there are images to evaluate on; a distance takes two."""
    return config.data.held_out_dir is not None or source.num_held_out > 1


def _evaluate_never(config: RunConfig) -> RunConfig:
    training = dataclasses.replace(config.training, eval_every=0)
    return dataclasses.replace(config, training=training)


def _record_reading(config: RunConfig, source: Source) -> RunConfig:
    """Records how images were read, so that all who read the run's do so."""
    data = dataclasses.replace(config.data, level_range=source.level_range)
    rule = source.held_out_rule
    # By the number, runs of version 0.1.0 are: what they say is kept.
    if rule is not None and data.hold_out == AUTO:
        data = dataclasses.replace(
            data, hold_out=rule.hold_out, hold_out_also=rule.also
        )
    return dataclasses.replace(config, data=data)


def _count_classes(config: RunConfig, source: Source) -> RunConfig:
    given = config.model.num_classes
    if not source.num_classes:
        setting = "num_classes" if given else "conditional"
        raise ValueError(
            f"dataset {source.name!r} has no class labels to condition on; "
            f"leave {name_setting(setting)} out, or sort a folder's images "
            "into one subfolder a class"
        )
    if given not in (0, source.num_classes):
        # A label over it would be that of no class, and train all the same.
        raise ValueError(
            f"num_classes is {given}, and {source.name} has "
            f"{source.num_classes} classes; leave it out: "
            f"{name_setting('conditional', True)} takes their number"
        )
    model = dataclasses.replace(config.model, num_classes=source.num_classes)
    return dataclasses.replace(config, model=model)
