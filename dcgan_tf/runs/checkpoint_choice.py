"""Says which checkpoint is in use, and that a better one exists, if so."""

import math
import os

from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.metrics import parse_number, read_metrics
from dcgan_tf.setting_names import name_setting


def describe_checkpoint(run_dir: str | os.PathLike, step: int) -> str:
    """Says which step of a run is in use.

    Args:
        run_dir: The run.
        step: Of the checkpoint in use.

    Returns:
        `step 2500`, and the step that was found to be better where it is
        another one that is still there; one line.
    """
    text = f"step {step}"
    try:
        best = checkpoints.load_best(run_dir)
    except checkpoints.CheckpointError:
        return text
    if best is None or best.step == step:
        return text
    if best.step not in checkpoints.list_steps(run_dir):
        return text
    values = [
        parse_number(row.get(best.measure))
        for row in read_metrics(run_dir)
        if int(row["step"]) == step
    ]
    own = next(filter(math.isfinite, values), None)
    against = "" if own is None else f", against {own:.4g} here"
    return (
        f"{text}; step {best.step} was the best one evaluated "
        f"({best.measure} {best.value:.4g}{against}): "
        f"{name_setting('checkpoint', 'best')} takes it"
    )
