"""The schedule of training: what is due after each step."""

import dataclasses

from dcgan_tf.config import TrainingConfig


@dataclasses.dataclass(frozen=True)
class Due:
    """What is due after a step, in the order that it is done in.

    Attributes:
        metrics: The losses' means since the last time.
        samples: A sample grid.
        checkpoint: Before an evaluation too, which may find it to be the
            best.
        evaluation: Of the generator.
    """

    metrics: bool
    samples: bool
    checkpoint: bool
    evaluation: bool


def find_due(
    training: TrainingConfig, step: int, is_stopping: bool = False
) -> Due:
    """Decides what is due after a step; everything is after the last one.

    Args:
        training: With `steps`, `report_every`, `sample_every`,
            `checkpoint_every` and `eval_every` (0: never).
        step: Completed steps.
        is_stopping: Whether the run is interrupted after this step; it then
            saves a checkpoint.
    """
    is_last = step == training.steps

    def is_due(every: int) -> bool:
        return is_last or step % every == 0

    is_evaluated = bool(training.eval_every) and is_due(training.eval_every)
    return Due(
        metrics=is_due(training.report_every),
        samples=is_due(training.sample_every),
        checkpoint=is_due(training.checkpoint_every)
        or is_stopping
        or is_evaluated,
        evaluation=is_evaluated,
    )
