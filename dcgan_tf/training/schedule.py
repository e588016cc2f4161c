"""The schedule of training: what is due after each step."""

import dataclasses

from dcgan_tf.config import TrainingConfig
from dcgan_tf.training.health import CHECK_EVERY


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


def count_steps_until_due(training: TrainingConfig, step: int) -> int:
    """Counts the steps to the next one after which something is due.

    Args:
        training: As `find_due` takes it.
        step: Completed steps, fewer than all.

    Returns:
        At least 1. A look at the run's health counts as well.
    """
    nearest = min(every - step % every for every in _list_periods(training))
    return min(nearest, training.steps - step)


def limit_steps_per_call(training: TrainingConfig, step: int) -> int:
    """Limits the setting `steps_per_call` to what one call can come to.

    More batches would be fetched, and held, than are trained on.

    Args:
        training: As `find_due` takes it.
        step: Completed steps.

    Returns:
        At least 1, also where the setting is 0.
    """
    longest = min(*_list_periods(training), training.steps - step)
    return max(1, min(training.steps_per_call, longest))


def _list_periods(training: TrainingConfig) -> list[int]:
    periods = (
        training.report_every,
        training.sample_every,
        training.checkpoint_every,
        training.eval_every,
        CHECK_EVERY,
    )
    return [every for every in periods if every]


# A signal, or another worker's, is heeded between calls.
_SECONDS_PER_CALL = 0.1
_MAX_STEPS_PER_CALL = 16
# What is saved must be more than tracing another function costs.
_LEAST_SECONDS_LEFT = 120.0


def choose_steps_per_call(seconds_per_step: float, steps_left: int) -> int:
    """Chooses how many steps one call of TensorFlow does.

    Between two calls Python takes the next batch and looks at what is due,
    which counts where a step takes only milliseconds.

    Args:
        seconds_per_step: As measured; 0 where it isn't known.
        steps_left: Until the run's end.
    """
    if not 0 < seconds_per_step * steps_left >= _LEAST_SECONDS_LEFT:
        return 1
    most = int(_SECONDS_PER_CALL / seconds_per_step)
    return max(1, min(most, _MAX_STEPS_PER_CALL))
