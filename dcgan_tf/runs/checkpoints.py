"""Checkpoints of a run: saved whole or not at all, kept, chosen, restored.

`checkpoints/ckpt-<step>.index` and its data file are TensorFlow's format.
They are written in a folder aside and renamed, the index last, so that an
index is there only with all of its data.
"""

import json
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

_CHECKPOINT_DIR = "checkpoints"
_BEST_FILE = "best.json"
# What TensorFlow raises for a truncated or corrupt file.
_DAMAGED = (tf.errors.OpError, RuntimeError, IndexError)


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
    """
    folder = Path(run_dir) / _CHECKPOINT_DIR
    # Hidden, and one per process: a worker must not write over another's.
    aside = folder / f".writing-{os.getpid()}"
    checkpoint = tf.train.Checkpoint(**trackables)
    written = Path(checkpoint.write(str(aside / f"ckpt-{step}")))
    if is_chief:
        files = sorted(aside.glob(f"{written.name}.*"))
        for path in sorted(files, key=lambda path: path.suffix == ".index"):
            path.replace(folder / path.name)
    shutil.rmtree(aside, ignore_errors=True)
    if is_chief:
        _remove_old(run_dir, keep)


def _remove_old(run_dir: str | os.PathLike, keep: int) -> None:
    try:
        best = find_best(run_dir)
    except CheckpointError:
        return  # Whichever is the best must not be lost.
    for step in list_steps(run_dir)[:-keep]:
        if step != best:
            remove(run_dir, step)


def remove(run_dir: str | os.PathLike, step: int) -> None:
    """Deletes one checkpoint, its index first."""
    folder = Path(run_dir) / _CHECKPOINT_DIR
    files = folder.glob(f"ckpt-{step}.*")
    for path in sorted(files, key=lambda path: path.suffix != ".index"):
        path.unlink()


def clear_unfinished(run_dir: str | os.PathLike) -> None:
    """Removes what a killed process was writing."""
    folder = Path(run_dir) / _CHECKPOINT_DIR
    for path in folder.glob(".writing-*"):
        shutil.rmtree(path, ignore_errors=True)


def mark_best(
    run_dir: str | os.PathLike, step: int, measure: str, value: float
) -> None:
    """Records which checkpoint is best; it is kept from then on."""
    path = find_best_file(run_dir)
    partial = path.with_suffix(".partial")
    record = {"step": step, "measure": measure, "value": value}
    partial.write_text(json.dumps(record) + "\n")
    partial.replace(path)


def load_best(run_dir: str | os.PathLike) -> dict | None:
    """Returns what `mark_best` recorded, or None.

    Raises:
        CheckpointError: If the file is damaged.
    """
    path = find_best_file(run_dir)
    try:
        record = json.loads(path.read_text(encoding="utf-8-sig"))
        return {
            **record,
            "step": int(record["step"]),
            "value": float(record["value"]),
        }
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise CheckpointError(
            f"{path} is damaged; name a step instead of best "
            f"({', '.join(map(str, list_steps(run_dir)))})"
        ) from error


def find_best_file(run_dir: str | os.PathLike) -> Path:
    """Returns where `mark_best` records, whether it has or not."""
    return Path(run_dir) / _CHECKPOINT_DIR / _BEST_FILE


def find_best(run_dir: str | os.PathLike) -> int | None:
    """Returns the best checkpoint's step, or None where none is marked."""
    record = load_best(run_dir)
    return record["step"] if record else None


def restore(
    run_dir: str | os.PathLike,
    trackables: dict,
    checkpoint: str = "latest",
    partial: bool = False,
) -> int:
    """Restores objects from a run's checkpoint.

    Where the latest one is damaged the one before is taken, and a warning
    logged.

    Args:
        run_dir: The run.
        trackables: Names to objects, all built already.
        checkpoint: `latest`, `best`, or a step.
        partial: Whether the checkpoint may hold more than `trackables`.

    Returns:
        The step restored.

    Raises:
        CheckpointError: If the run has no such checkpoint, none can be read,
            or it has other parts.
    """
    problems = []
    for step in _candidates(run_dir, checkpoint):
        prefix = str(Path(run_dir) / _CHECKPOINT_DIR / f"ckpt-{step}")
        try:
            _check_readable(prefix)
        except _DAMAGED as error:
            problems.append(step)
            logging.warning(
                "checkpoint %s is damaged (%s); trying the one before",
                prefix,
                error,
            )
            continue
        status = tf.train.Checkpoint(**trackables).read(prefix)
        # All of ours must be in the file; all of the file must be ours
        # unless a part was asked for.
        try:
            status.assert_existing_objects_matched()
            if partial:
                status.expect_partial()
            else:
                status.assert_consumed()
        except AssertionError as error:
            # Its text is the values of all that is missing. Expected now, or
            # a page of warnings would follow.
            status.expect_partial()
            raise CheckpointError(
                f"{prefix} does not hold the same parts as this version's "
                "networks: use the version that config.json beside it names, "
                "or train again"
            ) from error
        return step
    raise CheckpointError(
        f"run {os.fspath(run_dir)!r}: no checkpoint can be read; damaged: "
        f"{', '.join(f'ckpt-{step}' for step in problems)}"
    )


def _candidates(run_dir: str | os.PathLike, checkpoint: str) -> Iterator[int]:
    steps = list_steps(run_dir)
    if not steps:
        raise CheckpointError(
            f"{os.fspath(run_dir)!r} holds no checkpoint; train a run there "
            "first, or name another run folder"
        )
    if checkpoint == "latest":
        return reversed(steps)
    if checkpoint == "best":
        best = find_best(run_dir)
        if best is None:
            raise CheckpointError(
                f"run {os.fspath(run_dir)!r} has no best checkpoint; train "
                "with --eval_every, or use latest or a step"
            )
        return iter([best])
    if not str(checkpoint).isdigit() or int(checkpoint) not in steps:
        raise CheckpointError(
            f"run {os.fspath(run_dir)!r} has no checkpoint {checkpoint!r}; "
            f"use latest, best or one of {', '.join(map(str, steps))}"
        )
    return iter([int(checkpoint)])


def _check_readable(prefix: str) -> None:
    """Reads every tensor, so that a truncated file changes no network."""
    reader = tf.train.load_checkpoint(prefix)
    for name in reader.get_variable_to_shape_map():
        reader.get_tensor(name)
