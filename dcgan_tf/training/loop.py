"""The training loop: the one file that joins all of training."""

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator

import tensorflow as tf

from dcgan_tf.config import RunConfig, TrainingConfig
from dcgan_tf.context.graph_rewrites import (
    ARITHMETIC,
    REMAPPING,
    without_rewrites,
)
from dcgan_tf.data.source import Source
from dcgan_tf.runs import checkpoints, folder
from dcgan_tf.runs.early_stopping import find_lost_patience
from dcgan_tf.runs.lock import RunLock, RunLockedError
from dcgan_tf.runs.repair import lacks_evaluation
from dcgan_tf.training import resources
from dcgan_tf.training.announcement import describe_training
from dcgan_tf.training.batches import BatchFeed
from dcgan_tf.training.distribution import workers
from dcgan_tf.training.interrupts import InterruptGuard
from dcgan_tf.training.progress import Progress
from dcgan_tf.training.recorder import Evaluator, Recorder, identify
from dcgan_tf.training.resuming import Start, prepare_start, save_record
from dcgan_tf.training.schedule import (
    count_steps_until_due,
    find_due,
    limit_steps_per_call,
)
from dcgan_tf.training.step import GradientTapeStep


@dataclasses.dataclass(frozen=True)
class TrainingResult:
    """How training ended.

    Attributes:
        step: Completed steps.
        was_complete: Whether there was nothing left to do.
        was_interrupted: Whether a signal, to this or another worker, ended
            it early.
        signal_number: The signal, if it came to this process.
        num_stale: Evaluations since the best one, where that many ended the
            run early, or had ended it before; else 0.
        warnings: What was wrong with the run as it ended, a line each.
    """

    step: int
    was_complete: bool = False
    was_interrupted: bool = False
    signal_number: int | None = None
    num_stale: int = 0
    warnings: tuple[str, ...] = ()


def train(
    config: RunConfig,
    run_dir: str | os.PathLike,
    source: Source,
    strategy: tf.distribute.Strategy,
    precision: str = "float32",
    init_from: str | os.PathLike | None = None,
    *,
    build_evaluator: Callable[[RunConfig, Source], Evaluator] | None = None,
    allow_fewer_images: bool = False,
) -> TrainingResult:
    """Trains a run until its last step, a signal, or a failure.

    A run that has a checkpoint is resumed from it as if it had not stopped:
    the order of images is a function of seed and epoch, latents are one of
    seed and step.

    Args:
        config: The run's settings.
        run_dir: Its folder; made, or resumed.
        source: Real images.
        strategy: From `build_strategy`. Where it has several workers, train
            in `workers.lost_workers_named`.
        precision: A Keras dtype policy.
        init_from: `RUN` or `RUN@STEP`: another run whose networks a new run
            starts from.
        build_evaluator: Makes, from settings and real images and once all is
            checked, what is called each `eval_every` steps to find the best
            checkpoint; None for nothing.
        allow_fewer_images: Whether a resumed run's images may be fewer.

    Returns:
        How it ended.

    Raises:
        ValueError: If the folder holds another run, the batch doesn't
            divide, images are missing or others, workers differ in what they
            train, or training diverges.
        RunLockedError: If another process trains the run.
        OSError: If the folder can't be written.
    """
    start = prepare_start(
        config, run_dir, source, strategy, precision, init_from,
        build_evaluator, allow_fewer_images,
    )  # fmt: skip
    is_unevaluated = workers.chief_says(strategy, _is_unevaluated(start))
    if not is_unevaluated:
        result = _find_end(start)
        if result is not None:
            return result
    with _held_folder(start):
        recorder = _announce(start)
        if start.step >= start.config.training.steps:
            with recorder:
                recorder.evaluate(start.step)
            return TrainingResult(start.step, was_complete=True)
        return _train_steps(start, recorder, is_unevaluated)


def _is_unevaluated(start: Start) -> bool:
    """Whether a process died between a step's checkpoint and its evaluation."""
    return (
        start.evaluator is not None
        and start.step > 0
        and find_due(start.config.training, start.step).evaluation
        and lacks_evaluation(start.run_dir, start.step)
    )


def _find_end(start: Start) -> TrainingResult | None:
    """Returns how a run has ended already; None where steps are left."""
    training, step = start.config.training, start.step
    if step >= training.steps:
        return TrainingResult(step, was_complete=True)
    num_stale = find_lost_patience(
        start.run_dir, training.patience, step, *identify(start.evaluator)
    )
    # Only the chief knows the images that it evaluates on.
    if workers.chief_says(start.strategy, num_stale > 0):
        return TrainingResult(step, num_stale=num_stale)
    return None


@contextlib.contextmanager
def _held_folder(start: Start) -> Iterator[None]:
    """Holds a run's folder: with space, locked, and its record written."""
    is_chief = workers.is_chief(start.strategy)
    run_dir, config = start.run_dir, start.config
    checkpoint_bytes = resources.compute_checkpoint_bytes(start.state)
    if is_chief:
        resources.check_disk_space(
            run_dir, config, checkpoint_bytes, start.step
        )
        folder.make_run_dir(run_dir)
    with (
        RunLock(run_dir) if is_chief else contextlib.nullcontext(),
        resources.shortage_named(run_dir, config, checkpoint_bytes),
    ):
        if is_chief:
            _check_unchanged(start)
            checkpoints.clear_unfinished(run_dir)
            save_record(run_dir, config, start.source, start.precision)
        yield


def _announce(start: Start) -> Recorder:
    """Says what is trained, and returns what records how."""
    is_chief = workers.is_chief(start.strategy)
    progress = Progress(
        start.config.training.steps, start.step, is_silent=not is_chief
    )
    if start.step:
        run_dir = os.fspath(start.run_dir)
        progress.log(f"{run_dir}: resuming from step {start.step}")
    for change in start.changes:
        progress.log(change)
    if is_chief:
        for line in describe_training(
            start.config,
            start.source,
            start.run_dir,
            start.strategy,
            start.precision,
        ):
            progress.log(line)
    return Recorder(
        start.config,
        start.run_dir,
        start.state,
        progress,
        start.step,
        is_chief,
        count_skipped=lambda: start.source.num_skipped,
        evaluator=start.evaluator,
        saves_alone=workers.num_workers(start.strategy) == 1,
    )


def _train_steps(
    start: Start, recorder: Recorder, is_unevaluated: bool
) -> TrainingResult:
    """Trains from a step on until the last one or a signal."""
    config, strategy = start.config, start.strategy
    training, step = config.training, start.step
    is_alone = workers.num_workers(strategy) == 1
    feed = BatchFeed(
        config,
        start.source,
        strategy,
        step,
        limit_steps_per_call(training, step),
    )
    step_fn = GradientTapeStep(start.state, config, strategy)
    stop_agreement = workers.StopAgreement(strategy)
    with (
        InterruptGuard() as guard,
        recorder,
        without_rewrites(*_list_unwanted_rewrites(config)),
    ):
        if is_unevaluated:
            recorder.evaluate(step)
            if recorder.num_stale and is_alone:
                return TrainingResult(step, num_stale=recorder.num_stale)
        feed.fetch()
        while step < training.steps:
            step += _train_call(feed, step_fn, recorder, training, step)
            failure = None
            if step < training.steps and not feed.num_ready:
                failure = feed.try_fetch(
                    # Workers would choose by their own times, and must meet
                    # at each call.
                    recorder.seconds_per_step if is_alone else 0.0,
                    training.steps - step,
                )
            is_stopping = stop_agreement.any_worker(
                guard.signal_number is not None
                or failure is not None
                or recorder.num_stale > 0
            )
            due = find_due(training, step, is_stopping)
            recorder.write(step, due)
            if failure is not None:
                raise type(failure)(
                    _describe_failure(failure, step, due.checkpoint)
                ) from failure
            # Several workers agree on it in the next step.
            ends = is_stopping or (recorder.num_stale and is_alone)
            if ends and step < training.steps:
                # The chief may have evaluated just now: all read the same.
                workers.wait_for_all(strategy)
                num_stale = recorder.find_lost_patience(step)
                return TrainingResult(
                    step,
                    was_interrupted=not num_stale,
                    signal_number=guard.signal_number,
                    num_stale=num_stale,
                    warnings=_list_warnings(recorder),
                )
        return TrainingResult(training.steps, warnings=_list_warnings(recorder))


def _list_unwanted_rewrites(config: RunConfig) -> list[str]:
    """Lists TensorFlow's rewrites that would round otherwise or give up."""
    has_penalty = config.training.has_penalty
    looks_between = has_penalty or not config.model.discriminator_batch_norm
    return [ARITHMETIC, REMAPPING] if looks_between else [ARITHMETIC]


def _train_call(
    feed: BatchFeed,
    step_fn: GradientTapeStep,
    recorder: Recorder,
    training: TrainingConfig,
    step: int,
) -> int:
    """Trains on batches that are ready, up to what is due; counts steps."""
    num_steps = min(feed.num_ready, count_steps_until_due(training, step))
    num_traces = step_fn.num_traces
    recorder.start_step()
    measures = feed.train(step_fn, num_steps)
    recorder.count(measures, num_steps, step_fn.num_traces > num_traces)
    return num_steps


def _describe_failure(failure: Exception, step: int, is_saved: bool) -> str:
    """Says what failed, and how to go on."""
    text = str(failure)
    text += " " if text.endswith("?") else ". "
    if is_saved:
        return (
            f"{text}A checkpoint of step {step} is saved, from which the same "
            "command resumes"
        )
    # Other workers are in the next step already, and don't save.
    return (
        f"{text}Start all workers again with the same command, to resume from "
        "the last checkpoint"
    )


def _list_warnings(recorder: Recorder) -> tuple[str, ...]:
    return tuple(map(str, recorder.warnings))


def _check_unchanged(start: Start) -> None:
    """Checks that nobody trained a run between our look and our lock."""
    if checkpoints.list_steps(start.run_dir) != start.steps_before:
        raise RunLockedError(
            f"run {os.fspath(start.run_dir)!r} was trained by another process "
            "just now; start again to resume from its last checkpoint"
        )
