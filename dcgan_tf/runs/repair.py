"""Repairs a run's best.json: a damaged one is kept and made again."""

import math
import os
from collections.abc import Callable

from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.metrics import parse_number, read_metrics
from dcgan_tf.runs.set_aside import set_aside


def repair_best(
    run_dir: str | os.PathLike, log: Callable[[str], None]
) -> dict | None:
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
    checkpoints.mark_best(run_dir, **found)
    log(
        f"{path} was damaged and is kept as {kept_as.name}; by metrics.csv "
        f"the best checkpoint is that of step {found['step']}"
    )
    return found


def _find_best_in_metrics(run_dir: str | os.PathLike) -> dict | None:
    """Returns the least first measure among steps with a checkpoint."""
    steps = set(checkpoints.list_steps(run_dir))
    candidates = []
    for row in read_metrics(run_dir):
        # An evaluation's rows have its measures alone, the first one first.
        if row.get("d_loss") or int(row["step"]) not in steps:
            continue
        measures = {
            name: parse_number(row[name])
            for name in row
            if name not in ("step", "elapsed_seconds") and row[name]
        }
        name, value = next(iter(measures.items()), ("", math.nan))
        if math.isfinite(value):
            candidates.append((value, int(row["step"]), name))
    if not candidates:
        return None
    value, step, measure = min(candidates)
    return {"step": step, "measure": measure, "value": value}
