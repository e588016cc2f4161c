"""Repairs a run's best.json: a damaged one is kept and made again.

One that is of another future than the run's, or of other held-out images, is
no best one either.
"""

import dataclasses
import math
import os
from collections.abc import Callable

from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.best_checkpoint import BestCheckpoint
from dcgan_tf.runs.metrics import list_measures, read_metrics
from dcgan_tf.runs.set_aside import set_aside


def repair_best(
    run_dir: str | os.PathLike, log: Callable[[str], None]
) -> BestCheckpoint | None:
    """Reads which checkpoint is best; a damaged best.json is made again.

    Args:
        run_dir: The run.
        log: Takes a line for the user, should the file be damaged: it is
            kept as best.json.bak, and the best of the checkpoints that are
            there is found again in metrics.csv.

    Returns:
        As `checkpoints.load_best`.
    """
    try:
        return checkpoints.load_best(run_dir)
    except checkpoints.CheckpointError:
        path = checkpoints.find_best_file(run_dir)
    kept_as = set_aside(path)
    found = _find_best_in_metrics(run_dir)
    if found is None:
        log(
            f"{path} was damaged and is kept as {kept_as.name}; the next "
            "evaluation decides anew which checkpoint is best"
        )
        return None
    checkpoints.mark_best(run_dir, found)
    log(
        f"{path} was damaged and is kept as {kept_as.name}; by metrics.csv "
        f"the best checkpoint is that of step {found.step}"
    )
    return found


def drop_stale_best(
    run_dir: str | os.PathLike,
    start_step: int,
    measure: str | None,
    held_out: str | None,
    log: Callable[[str], None],
) -> None:
    """Forgets a best checkpoint that the resumed run can't compare with.

    The best of the checkpoints up to `start_step` is found again in
    metrics.csv, unless it was measured otherwise.

    Args:
        run_dir: The run, its metrics.csv cut back already.
        start_step: As `BestCheckpoint.find_staleness` takes it.
        measure: The same.
        held_out: The same.
        log: Takes a line for the user, where something changes.
    """
    best = repair_best(run_dir, log)
    if best is None:
        return
    reason = best.find_staleness(start_step, measure, held_out)
    if reason is None:
        return
    checkpoints.find_best_file(run_dir).unlink()
    outcome = "the next evaluation decides anew"
    found = None
    if not best.find_incomparability(measure, held_out):
        found = _find_best_in_metrics(run_dir, start_step, best.measure)
    if found is not None:
        found = dataclasses.replace(found, held_out=best.held_out)
        checkpoints.mark_best(run_dir, found)
        outcome = f"by metrics.csv it is that of step {found.step}"
    log(
        f"the checkpoint of step {best.step} is no longer the best one: "
        f"{reason}; {outcome}"
    )


def lacks_evaluation(run_dir: str | os.PathLike, step: int) -> bool:
    """Whether metrics.csv has no evaluation of a step."""
    return not any(
        int(row["step"]) == step and list_measures(row)
        for row in read_metrics(run_dir)
    )


def _find_best_in_metrics(
    run_dir: str | os.PathLike,
    last_step: float = math.inf,
    measure: str | None = None,
) -> BestCheckpoint | None:
    """Returns the least first measure among steps with a checkpoint.

    Args:
        run_dir: The run.
        last_step: Of those up to here.
        measure: The measure; None for that of the last evaluation.
    """
    steps = set(checkpoints.list_steps(run_dir))
    candidates = []
    for row in reversed(read_metrics(run_dir)):
        step = int(row["step"])
        name, value = next(iter(list_measures(row).items()), ("", math.nan))
        if step not in steps or step > last_step or not math.isfinite(value):
            continue
        measure = measure or name
        if name == measure:
            candidates.append((value, step))
    if not candidates:
        return None
    value, step = min(candidates)
    return BestCheckpoint(step, measure, value)
