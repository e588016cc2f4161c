"""What a run is resumed from, or starts from: checked, restored, recorded."""

import dataclasses
import os
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from dcgan_tf.config import RunConfig
from dcgan_tf.data.cache import get_store
from dcgan_tf.data.pipeline import check_batch_size
from dcgan_tf.data.source import Source
from dcgan_tf.runs import checkpoints, folder
from dcgan_tf.runs.class_names import CLASSES_KEY, LABELS_KEY
from dcgan_tf.runs.image_identity import IMAGES_KEY, compare_images
from dcgan_tf.runs.lock import check_unlocked
from dcgan_tf.runs.setting_changes import RECORDED_SETTINGS, find_differences
from dcgan_tf.setting_names import name_setting
from dcgan_tf.training.distribution import workers
from dcgan_tf.training.distribution.agreement import describe_work
from dcgan_tf.training.families import start_from_data
from dcgan_tf.training.initialization import (
    parse_init_from,
    restore_networks,
)
from dcgan_tf.training.recorder import Evaluator
from dcgan_tf.training.state import TrainingState, build_training_state

# What is told otherwise: steps by the progress, the folder with its images,
# a table with its labels, the precision by what it comes to on this machine.
_TOLD_ELSEWHERE = {
    "training.steps",
    "training.precision",
    "data.image_dir",
    "data.dataset",
    "data.labels",
}


@dataclasses.dataclass(frozen=True)
class Start:
    """Where a run starts, checked and agreed on; nothing is written yet.

    Attributes:
        config: The run's settings, with what its networks started from.
        run_dir: Its folder.
        source: Its images.
        strategy: What it trains under.
        precision: A Keras dtype policy.
        state: What is trained, restored.
        step: Completed steps.
        evaluator: What finds the best checkpoint, if anything does.
        changes: Since the run was last trained, a line each.
        steps_before: Of its checkpoints as they were looked at.
    """

    config: RunConfig
    run_dir: str | os.PathLike
    source: Source
    strategy: tf.distribute.Strategy
    precision: str
    state: TrainingState
    step: int
    evaluator: Evaluator | None
    changes: list[str]
    steps_before: list[int]


def prepare_start(
    config: RunConfig,
    run_dir: str | os.PathLike,
    source: Source,
    strategy: tf.distribute.Strategy,
    precision: str,
    init_from: str | os.PathLike | None,
    build_evaluator: Callable[[RunConfig, Source], Evaluator] | None,
    allow_fewer_images: bool,
) -> Start:
    """Checks that a run may start or be resumed, and restores it.

    Every worker calls it, and only reads.

    Args:
        config: The run's settings.
        run_dir: Its folder.
        source: Its images.
        strategy: What it trains under.
        precision: A Keras dtype policy.
        init_from: As `loop.train` has it.
        build_evaluator: The same.
        allow_fewer_images: The same.

    Raises:
        ValueError: If the folder holds another run, the batch doesn't
            divide, images are missing or others, or workers differ in what
            they train.
        RunLockedError: If another process trains the run.
    """
    is_chief = workers.is_chief(strategy)
    config.training.check_replicas(strategy.num_replicas_in_sync)
    if is_chief:
        check_unlocked(run_dir)
    # First: whatever is trained after this look is noticed under the lock.
    steps_before = checkpoints.list_steps(run_dir)
    record = folder.check_run_dir(run_dir, config)
    changes = check_run(
        run_dir, record, config, source, precision,
        allow_fewer_images, init_from,
    )  # fmt: skip
    check_batch_size(source, config.training.batch_size)
    # Now, so that a folder of unreadable images leaves no run behind.
    get_store(source, config.model, config.data)
    evaluator = None
    if config.training.eval_every and build_evaluator:
        # The chief alone evaluates; the others take part in its checkpoints.
        evaluator = build_evaluator(config, source) if is_chief else dict
    with strategy.scope():
        state = build_training_state(config, precision)
    step, init_from = restore_or_start(
        run_dir, record, config, source, state, init_from
    )
    training = dataclasses.replace(config.training, init_from=init_from)
    config = dataclasses.replace(config, training=training)
    workers.check_agreement(
        strategy, describe_work(config, source, step, precision, strategy)
    )
    return Start(
        config=config, run_dir=run_dir, source=source, strategy=strategy,
        precision=precision, state=state, step=step, evaluator=evaluator,
        changes=changes, steps_before=steps_before,
    )  # fmt: skip


def check_run(
    run_dir: str | os.PathLike,
    record: Mapping[str, Any] | None,
    config: RunConfig,
    source: Source,
    precision: str,
    allow_fewer_images: bool = False,
    init_from: str | os.PathLike | None = None,
) -> list[str]:
    """Checks that a run may be resumed, by what its record says.

    Args:
        run_dir: The folder.
        record: From `folder.check_run_dir`; None of a new run, which has
            nothing to compare.
        config: The settings to train with.
        source: The images to train on.
        precision: The Keras dtype policy to train in.
        allow_fewer_images: Whether images may be missing.
        init_from: As `loop.train` has it.

    Returns:
        What has changed since the run was last trained, a line each.

    Raises:
        ValueError: If precision, classes, images or where it started are
            others.
    """
    if record is None:
        return []
    old = RunConfig.from_dict(record)
    notes = _describe_changes(old, config)
    if init_from is not None:
        notes += _compare_start(run_dir, old.training.init_from, init_from)
    notes += _compare_precision(run_dir, record, precision)
    if config.model.num_classes:
        _check_classes(run_dir, record, source)
    notes.append(_compare_labels(record, old, config, source))
    if source.fingerprint_images is not None:
        images = source.fingerprint_images()
        notes.append(
            compare_images(run_dir, record, config, images, allow_fewer_images)
        )
    return [note for note in notes if note]


def restore_or_start(
    run_dir: str | os.PathLike,
    record: Mapping[str, Any] | None,
    config: RunConfig,
    source: Source,
    state: TrainingState,
    init_from: str | os.PathLike | None,
) -> tuple[int, str | None]:
    """Restores the run, or the networks it starts from.

    Args:
        run_dir: The folder.
        record: Which `check_run` has accepted; None of a new run.
        config: The run's settings.
        source: Its images.
        state: Changed in place.
        init_from: As `loop.train` has it.

    Returns:
        The step to resume from, and `RUN@STEP` of the networks that the run
        started from, if they are another run's.
    """
    if record is not None:
        step = checkpoints.restore(run_dir, state.trackables())
        # The checkpoint's optimizers hold the rate they were saved with.
        state.set_learning_rates(*config.training.rates)
        return step, RunConfig.from_dict(record).training.init_from
    if init_from:
        init_from = restore_networks(init_from, config, state)
    else:
        averages = [state.averaged_generator] * bool(state.averages())
        start_from_data(config, source, [state.generator, *averages])
    return 0, init_from


def save_record(
    run_dir: str | os.PathLike,
    config: RunConfig,
    source: Source,
    precision: str,
) -> None:
    """Writes what `check_run` compares a later start with.

    Args:
        run_dir: The folder.
        config: The run's settings.
        source: Its images.
        precision: The Keras dtype policy it trains in.
    """
    extra = {"precision": precision}
    if config.model.num_classes:
        extra[CLASSES_KEY] = list(source.label_names or ())
    if digest := source.digest_labels():
        extra[LABELS_KEY] = digest
    if source.fingerprint_images is not None:
        extra[IMAGES_KEY] = source.fingerprint_images().to_dict()
    folder.save_run_config(run_dir, config, **extra)


def _check_classes(
    run_dir: str | os.PathLike, record: Mapping[str, Any], source: Source
) -> None:
    """Checks that the classes' numbers still mean the same.

    Folders that are renamed may sort otherwise, with the same images in them.
    """
    now = list(source.label_names or ())
    was = record.get(CLASSES_KEY, now)
    if was == now or len(was) != len(now):
        return
    # Their number is a setting, and the same.
    pairs = enumerate(zip(was, now, strict=True))
    index, (was_name, name) = next(
        (index, names) for index, names in pairs if names[0] != names[1]
    )
    raise ValueError(
        f"run {os.fspath(run_dir)!r} was started with other classes: number "
        f"{index} was {was_name!r}, is now {name!r}; name the classes as they "
        f"were, or give another {name_setting('run_dir')} to start anew"
    )


def _compare_labels(
    record: Mapping[str, Any], old: RunConfig, new: RunConfig, source: Source
) -> str:
    """Says how labels differ from those that the run was trained on last.

    A class's number and name may be the same and mean other images.
    """
    was_in, is_in = old.data.labels, new.data.labels
    now = source.digest_labels()
    is_same = now == record.get(LABELS_KEY, now)
    if is_in and was_in:
        if not is_same:
            return f"other labels in {is_in} than before"
        return (
            f"labels in {is_in} (were in {was_in})" if is_in != was_in else ""
        )
    if is_in:
        return f"labels in {is_in}, where no table was given before"
    if was_in:
        instead = "classes by subfolders" if now else "no labels"
        return f"{instead} in place of those in {was_in}"
    if is_same:
        return ""
    if not now:
        return "no labels, where images had some before"
    is_conditional = bool(new.model.num_classes)
    images = source.fingerprint_images().to_dict()
    if images != record.get(IMAGES_KEY, images):
        note = "labels that can't be compared, since the images changed"
        return note if is_conditional else ""
    warning = "WARNING: " if is_conditional else ""
    return f"{warning}other labels than before of the same images"


def _describe_changes(old: RunConfig, new: RunConfig) -> list[str]:
    return [
        f"{name.split('.')[1].replace('_', ' ')} {_say(now)} (was {_say(was)})"
        for name, (was, now) in find_differences(old, new).items()
        if name not in RECORDED_SETTINGS | _TOLD_ELSEWHERE
    ]


def _say(value: object) -> object:
    return "none" if value is None else value


def _compare_start(
    run_dir: str | os.PathLike, was: str | None, now: str | os.PathLike
) -> list[str]:
    """Compares where a run started with what is asked for.

    The same command may have meant another step when the run started: only a
    step that it names is compared.
    """
    run, step = parse_init_from(now)
    if was is None:
        # Perhaps it did: version 0.1.0 didn't record it.
        return [
            f"WARNING: {name_setting('init_from', os.fspath(now))} is passed "
            "over: this run has steps of its own, from which it is resumed; "
            f"another {name_setting('run_dir')} starts from other networks"
        ]
    was_run, was_step = parse_init_from(was)
    is_same_step = not step.isdigit() or step == was_step
    if is_same_step and os.path.realpath(run) == os.path.realpath(was_run):
        return []
    raise ValueError(
        f"run {os.fspath(run_dir)!r} was started from {was!r}, not from "
        f"{os.fspath(now)!r}; leave {name_setting('init_from')} out to resume "
        f"it, or give another {name_setting('run_dir')} to start anew"
    )


def _compare_precision(
    run_dir: str | os.PathLike, record: Mapping[str, Any], now: str
) -> list[str]:
    was = record.get("precision", now)
    if was == now:
        return []
    if "mixed_float16" in (was, now):
        # Its optimizers hold a loss scale besides.
        raise ValueError(
            f"run {os.fspath(run_dir)!r} was started in {was}, is now to be "
            f"resumed in {now}, and mixed_float16 goes with no other; give "
            f"{name_setting('precision', was)}, or another "
            f"{name_setting('run_dir')} to start anew"
        )
    return [f"precision {now} (was {was})"]
