"""Checkpoints of a run: saved atomically, pruned, chosen and restored.

`checkpoints/ckpt-<step>.index` and its data file are TensorFlow's format.
They are written in a temporary folder and renamed, the index last, so that an
index is there only with all of its data. Whoever reads a run that is being
trained may find a checkpoint pruned under it, and takes the next.
"""

import logging
import os
from pathlib import Path

import tensorflow as tf

from dcgan_tf import failures, scratch, tf_paths
from dcgan_tf.context.stop_signals import signals_held
from dcgan_tf.runs.best_checkpoint import BestCheckpoint
from dcgan_tf.setting_names import name_setting

_log = logging.getLogger(__name__)

_CHECKPOINT_DIR = "checkpoints"
_BEST_FILE = "best.json"
# What TensorFlow raises for a truncated or corrupt file.
DAMAGED = (tf.errors.OpError, RuntimeError, IndexError)
# A run that saves faster than its checkpoints are read is not waited for.
_MAX_VANISHED = 100


class CheckpointError(ValueError):
    """No checkpoint of a run could be used."""


def list_steps(run_dir: str | os.PathLike) -> list[int]:
    """Returns the steps of a run's checkpoints, in order."""
    indices = (Path(run_dir) / _CHECKPOINT_DIR).glob("ckpt-*.index")
    steps = (path.stem.removeprefix("ckpt-") for path in indices)
    # Not of a copy, `ckpt-2 (1).index`, nor of `ckpt-².index`.
    return sorted(int(step) for step in steps if step.isdecimal())


def save(
    run_dir: str | os.PathLike,
    trackables: dict,
    step: int,
    keep: int,
    is_chief: bool = True,
) -> None:
    """Writes a checkpoint and removes old ones.

    Every worker must call it, since reading some variables is a collective
    operation; only the chief's files remain.

    Args:
        run_dir: The run.
        trackables: Names to networks, optimizers and variables.
        step: Completed updates, the checkpoint's name.
        keep: How many of the last checkpoints to keep; the best one stays
            besides.
        is_chief: Whether this process's files remain.

    Raises:
        FileNotFoundError: If something else removes what is being written.
        OSError: If it can't be written.
    """
    folder = Path(run_dir) / _CHECKPOINT_DIR
    folder.mkdir(parents=True, exist_ok=True)
    # One per process: a worker must not write over another's.
    with (
        failures.file_named(folder / f"ckpt-{step}"),
        scratch.tmp_dir(folder) as tmp_dir,
    ):
        with tf_paths.plain_dir(tmp_dir) as plain_dir:
            prefix = os.fspath(plain_dir / f"ckpt-{step}")
            tf.train.Checkpoint(**trackables).write(prefix)
        if is_chief:
            _move(tmp_dir, folder, step)
    if is_chief:
        _remove_old(run_dir, step, keep)


def _move(tmp_dir: Path, folder: Path, step: int) -> None:
    """Moves a checkpoint's files, the index last."""
    index = tmp_dir / f"ckpt-{step}.index"
    data = sorted(tmp_dir.glob(f"ckpt-{step}.data-*"))
    if not index.is_file() or not data:
        raise FileNotFoundError(
            f"checkpoint {os.fspath(folder / index.stem)!r} is not there after "
            "it was written; does another program clean this folder?"
        )
    for path in (*data, index):
        path.replace(folder / path.name)


def _remove_old(run_dir: str | os.PathLike, step: int, keep: int) -> None:
    """Removes those before the last few up to a step.

    A later one could not be read when the run was resumed: it doesn't count
    among those to keep, or a new one would be removed in its favour.
    """
    try:
        best = find_best(run_dir)
    except CheckpointError:
        return  # Whichever is the best must not be lost.
    steps = [saved for saved in list_steps(run_dir) if saved <= step]
    for old_step in steps[:-keep]:
        if old_step != best:
            remove(run_dir, old_step)


def remove(run_dir: str | os.PathLike, step: int) -> None:
    """Deletes one checkpoint, its index first."""
    folder = Path(run_dir) / _CHECKPOINT_DIR
    files = folder.glob(f"ckpt-{step}.*")
    for path in sorted(files, key=lambda path: path.suffix != ".index"):
        path.unlink(missing_ok=True)


def clear_unfinished(run_dir: str | os.PathLike) -> None:
    """Removes what killed processes were writing."""
    scratch.remove_leftovers(Path(run_dir) / _CHECKPOINT_DIR)


def mark_best(run_dir: str | os.PathLike, best: BestCheckpoint) -> None:
    """Records which checkpoint is best; it is kept from then on."""
    scratch.save_text(find_best_file(run_dir), best.to_json())


def load_best(run_dir: str | os.PathLike) -> BestCheckpoint | None:
    """Returns what `mark_best` recorded, or None.

    Raises:
        CheckpointError: If the file is damaged.
    """
    path = find_best_file(run_dir)
    try:
        return BestCheckpoint.from_json(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return None
    except (ValueError, IsADirectoryError) as error:
        raise CheckpointError(
            f"{path} is damaged; name a step instead of best "
            f"({', '.join(map(str, list_steps(run_dir)))})"
        ) from error


def find_best_file(run_dir: str | os.PathLike) -> Path:
    """Returns where `mark_best` records, whether it has or not."""
    return Path(run_dir) / _CHECKPOINT_DIR / _BEST_FILE


def find_best(run_dir: str | os.PathLike) -> int | None:
    """Returns the best checkpoint's step, or None where none is marked."""
    best = load_best(run_dir)
    return best.step if best else None


def restore(
    run_dir: str | os.PathLike,
    trackables: dict,
    checkpoint: str = "latest",
    partial: bool = False,
) -> int:
    """Restores objects from a run's checkpoint.

    Where the latest one is damaged the one before is taken, and a warning
    logged; one that was asked for by name stands for no other. One that
    training prunes meanwhile is passed over: the latest or best of those that
    are there then is taken.

    Args:
        run_dir: The run.
        trackables: Names to objects, all built already.
        checkpoint: `latest`, `best`, or a step.
        partial: Whether the checkpoint may hold more than `trackables`.

    Returns:
        The step restored.

    Raises:
        CheckpointError: If the run has no such checkpoint, it or, of
            `latest`, all are damaged, or it has other parts.
    """
    damaged, tried = [], set()
    while len(tried) - len(damaged) < _MAX_VANISHED:
        step = _choose_step(run_dir, checkpoint, tried)
        if step is None:
            break
        tried.add(step)
        prefix = _get_prefix(run_dir, step)
        try:
            _restore_step(prefix, trackables, partial)
            return step
        except DAMAGED as error:
            if not prefix.with_name(f"{prefix.name}.index").exists():
                _log.info("checkpoint %s was removed meanwhile", prefix)
                continue
            if checkpoint != "latest":
                raise _describe_damaged(run_dir, checkpoint, step) from error
            damaged.append(step)
            _log.warning(
                "checkpoint %s is damaged (%s); trying the one before",
                prefix,
                error,
            )
    if checkpoint == "best" and find_best(run_dir) in tried:
        raise CheckpointError(
            f"run {os.fspath(run_dir)!r}: the best checkpoint is that of step "
            f"{find_best(run_dir)}, which is not there any more; use "
            f"{_list_choices(run_dir, list_steps(run_dir))}"
        )
    if not damaged:
        raise CheckpointError(
            f"run {os.fspath(run_dir)!r}: checkpoint {checkpoint!r} was "
            "removed while it was read, by training that is still running; use "
            f"latest, or train with more {name_setting('keep_checkpoints')}"
        )
    raise CheckpointError(
        f"run {os.fspath(run_dir)!r}: no checkpoint can be read; damaged: "
        f"{', '.join(f'ckpt-{step}' for step in damaged)}; restore them from "
        "a copy, or train in another folder"
    )


def _describe_damaged(
    run_dir: str | os.PathLike, checkpoint: str, step: int
) -> CheckpointError:
    """Says what else there is where one that was asked for can't be read."""
    name = f"{step}, the best," if checkpoint == "best" else step
    others = [other for other in list_steps(run_dir) if other != step]
    advice = (
        f"use {_list_choices(run_dir, others)}"
        if others
        else "the run has no other"
    )
    return CheckpointError(
        f"run {os.fspath(run_dir)!r}: checkpoint {name} is damaged; {advice}"
    )


def _list_choices(run_dir: str | os.PathLike, steps: list[int]) -> str:
    """Says what a checkpoint may be called, `latest or one of 1, 3`."""
    try:
        has_best = find_best(run_dir) in steps
    except CheckpointError:
        has_best = False  # It isn't asked for.
    words = "latest, best" if has_best else "latest"
    return f"{words} or one of {', '.join(map(str, steps))}"


def _get_prefix(run_dir: str | os.PathLike, step: int) -> Path:
    return Path(run_dir) / _CHECKPOINT_DIR / f"ckpt-{step}"


def _choose_step(
    run_dir: str | os.PathLike, checkpoint: str, tried: set[int]
) -> int | None:
    """Returns the next checkpoint to try of those that are there now."""
    steps = list_steps(run_dir)
    if not steps and not tried:
        raise CheckpointError(
            f"{os.fspath(run_dir)!r} holds no checkpoint; train a run there "
            "first, or name another run folder"
        )
    if checkpoint == "latest":
        steps = [step for step in steps if step not in tried]
        return max(steps, default=None)
    if checkpoint == "best":
        step = find_best(run_dir)
        if step is None:
            raise CheckpointError(
                f"run {os.fspath(run_dir)!r} has no best checkpoint; train "
                f"with {name_setting('eval_every')}, or use latest or a step"
            )
        return None if step in tried else step
    if tried:
        return None
    if not str(checkpoint).isdecimal() or int(checkpoint) not in steps:
        raise CheckpointError(
            f"run {os.fspath(run_dir)!r} has no checkpoint {checkpoint!r}; "
            f"use {_list_choices(run_dir, steps)}"
        )
    return int(checkpoint)


def _restore_step(prefix: Path, trackables: dict, partial: bool) -> None:
    """Restores one checkpoint; changes nothing if a file is damaged."""
    with tf_paths.plain_dir(prefix.parent) as folder:
        plain_prefix = os.fspath(folder / prefix.name)
        _check_readable(plain_prefix)
        # What is read in part is warned of in a page, whatever the reason,
        # unless that was expected before the status is lost.
        with signals_held():
            status = tf.train.Checkpoint(**trackables).read(plain_prefix)
            status.expect_partial()
    # All of ours must be in the file; all of the file must be ours unless a
    # part was asked for. The text of an error is the values of all that is
    # missing.
    try:
        status.assert_existing_objects_matched()
        if not partial:
            status.assert_consumed()
    except AssertionError as error:
        raise CheckpointError(
            f"{prefix} does not hold the same parts as this version's "
            "networks: use the version that config.json beside it names, or "
            "train again"
        ) from error


def _check_readable(prefix: str) -> None:
    """Reads every tensor, so that a truncated file changes no network."""
    reader = tf.train.load_checkpoint(prefix)
    for name in reader.get_variable_to_shape_map():
        reader.get_tensor(name)
