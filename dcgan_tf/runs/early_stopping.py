"""Whether a run has stopped improving, by its own evaluations."""

import os

from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.metrics import read_metrics


def find_lost_patience(
    run_dir: str | os.PathLike,
    patience: int,
    step: int,
    measure: str | None = None,
    held_out: str | None = None,
) -> int:
    """Counts the evaluations since the best one, if they are too many.

    Counted in the run's files, so that a run that is resumed goes on where
    it was.

    Args:
        run_dir: The run.
        patience: How many without a better one are too many; 0 for none.
        step: Completed steps; later evaluations aren't of this state.
        measure: By what the next ones are; None for the same.
        held_out: A digest of the images they are on; None for the same.

    Returns:
        How many there were; 0 while they are fewer than `patience`.
    """
    if not patience:
        return 0
    try:
        best = checkpoints.load_best(run_dir)
    except checkpoints.CheckpointError:
        return 0
    if best is None or best.find_staleness(step, measure, held_out):
        return 0
    count = sum(
        best.step < int(row["step"]) <= step and bool(row.get(best.measure))
        for row in read_metrics(run_dir)
    )
    return count if count >= patience else 0
