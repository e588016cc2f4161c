"""What a run leaves behind as it goes: metrics, grids, checkpoints."""

import os
import time
from collections.abc import Callable, Mapping

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf import images
from dcgan_tf.config import RunConfig
from dcgan_tf.runs import checkpoints, sample_grids
from dcgan_tf.runs.metrics import MetricsWriter, save_curves
from dcgan_tf.training.progress import Progress
from dcgan_tf.training.state import TrainingState

# Measures of a generator by name; the first one decides which checkpoint is
# best, and less is better.
Evaluator = Callable[[keras.Model], Mapping[str, float]]

_LOSSES = ("d_loss", "g_loss", "d_real", "d_fake")


class DivergenceError(ValueError):
    """A loss or a weight is no longer a finite number."""


class Recorder:
    """Writes a run's files, and cuts them back to where it goes on from.

    Every worker has one, since checkpoints take part of each; only the
    chief's writes files.

    Args:
        config: The run's settings.
        run_dir: Its folder, existing.
        state: What is trained.
        progress: The terminal.
        start_step: Completed steps.
        is_chief: Whether this process writes.
        count_skipped: Returns how many unreadable pictures were left out so
            far.
        evaluator: Called each `eval_every` steps; None for never.
    """

    def __init__(
        self,
        config: RunConfig,
        run_dir: str | os.PathLike,
        state: TrainingState,
        progress: Progress,
        start_step: int,
        is_chief: bool,
        count_skipped: Callable[[], int],
        evaluator: Evaluator | None = None,
    ):
        self._config = config
        self._run_dir = run_dir
        self._state = state
        self._progress = progress
        self._is_chief = is_chief
        self._count_skipped = count_skipped
        self._evaluator = evaluator
        self._grid = sample_grids.SampleGrid(config)
        self._last_step = start_step
        self._metrics = None
        if is_chief:
            sample_grids.remove_later_grids(run_dir, start_step)
            self._metrics = MetricsWriter(
                run_dir,
                start_step,
                (*_LOSSES, "learning_rate", "images_per_second", "skipped"),
            )
            self._earlier_seconds = self._metrics.elapsed_seconds
        self._start_time = time.monotonic()
        self._pending: list[Mapping[str, tf.Tensor]] = []
        # The rate is that of the steps alone: the clock stops while grids
        # and checkpoints are made, and the first step's tracing isn't in it.
        self._clock: float | None = None
        self._timed_steps = 0
        self._timed_seconds = 0.0

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *exception) -> None:
        """Ends the log and draws what shows the whole run."""
        self._progress.close()
        if self._metrics is not None:
            self._metrics.close()
            save_curves(self._run_dir)
            sample_grids.save_samples_gif(self._run_dir)

    def count(self, measures: Mapping[str, tf.Tensor]) -> None:
        """Takes one step's losses; they are read when reported."""
        self._pending.append(measures)
        self._progress.advance()
        if self._clock is None:
            measures["d_loss"].numpy()
            self._clock = time.monotonic()
        else:
            self._timed_steps += 1

    def record(self, step: int, is_stopping: bool = False) -> None:
        """Writes what is due after a step, and everything after the last.

        Args:
            step: Completed steps.
            is_stopping: Whether the run is interrupted after this step; it
                then saves a checkpoint.

        Raises:
            DivergenceError: If a loss or a weight isn't finite.
        """
        training = self._config.training
        is_last = step == training.steps

        def is_due(every: int) -> bool:
            return is_last or step % every == 0

        is_evaluated = self._evaluator is not None and is_due(
            training.eval_every
        )
        if is_due(training.report_every):
            self._report(step)
        if is_due(training.sample_every):
            self._sample(step)
        # Before an evaluation too, which may find it to be the best.
        if is_due(training.checkpoint_every) or is_stopping or is_evaluated:
            self._save(step)
        if is_evaluated:
            self._evaluate(step)

    def _report(self, step: int) -> None:
        """Writes the means of the losses since the last report."""
        scalars = {
            name: float(np.mean([float(m[name]) for m in self._pending]))
            for name in _LOSSES
        }
        self._stop_clock()
        self._pending = []
        if not all(np.isfinite(value) for value in scalars.values()):
            self._fail(step, f"losses {scalars}")
        seconds = self._timed_seconds / max(self._timed_steps, 1)
        batch_size = self._config.training.batch_size
        scalars["images_per_second"] = batch_size / seconds if seconds else 0.0
        self._timed_steps, self._timed_seconds = 0, 0.0
        self._progress.report(step, scalars, seconds)
        if self._metrics is None:
            return
        # By numpy: a variable mirrored over replicas has no float().
        rate = self._state.generator_optimizer.learning_rate.numpy()
        scalars["learning_rate"] = float(rate)
        scalars["skipped"] = self._count_skipped()
        self._write(step, scalars)

    def _sample(self, step: int) -> None:
        """Saves the grid of fixed latents."""
        self._stop_clock()
        grid = self._grid.draw(self._state.sampling_generator)
        if self._metrics is not None:
            images.save_png(sample_grids.sample_path(self._run_dir, step), grid)
            self._metrics.write_image(step, "samples", grid)
        self._start_clock()

    def _save(self, step: int) -> None:
        """Saves a checkpoint, unless a weight isn't finite."""
        self._stop_clock()
        for model in (self._state.generator, self._state.discriminator):
            for weight in model.trainable_variables:
                if not np.all(np.isfinite(weight.numpy())):
                    self._fail(step, f"weights of {weight.path}")
        checkpoints.save(
            self._run_dir,
            self._state.trackables(),
            step,
            self._config.training.keep_checkpoints,
            self._is_chief,
        )
        if self._metrics is not None:
            self._metrics.flush()
        self._start_clock()

    def _evaluate(self, step: int) -> None:
        """Measures the generator; marks the checkpoint if it is the best."""
        self._stop_clock()
        generator = self._state.sampling_generator
        sample_grids.reestimate_generator(generator, self._config)
        if self._metrics is not None:
            measures = dict(self._evaluator(generator))
            self._write(step, measures)
            name, value = next(iter(measures.items()))
            self._progress.say(f"step {step}: {name} {value:.4g}")
            best = checkpoints.load_best(self._run_dir)
            if best is None or value < best["value"]:
                checkpoints.mark_best(self._run_dir, step, name, value)
        self._start_clock()

    def _write(self, step: int, scalars: dict[str, float]) -> None:
        elapsed = time.monotonic() - self._start_time
        scalars["elapsed_seconds"] = self._earlier_seconds + elapsed
        self._metrics.write(step, scalars)

    def _stop_clock(self) -> None:
        if self._pending:
            self._pending[-1]["d_loss"].numpy()
        if self._clock is not None:
            self._timed_seconds += time.monotonic() - self._clock
            self._clock = time.monotonic()

    def _start_clock(self) -> None:
        self._clock = time.monotonic()

    def _fail(self, step: int, what: str) -> None:
        raise DivergenceError(
            f"training diverged by step {step}: {what} not finite. Checkpoints "
            "are untouched; go back to one with --init_from="
            f"{os.fspath(self._run_dir)}@STEP in a new --run_dir, with a lower "
            "--learning_rate or --precision=float32"
        )
