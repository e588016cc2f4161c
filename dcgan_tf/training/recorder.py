"""The recorder: writes a run's metrics, grids and checkpoints."""

import contextlib
import os
import time
from collections.abc import Callable, Mapping

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf import failures, images
from dcgan_tf.config import RunConfig
from dcgan_tf.runs import checkpoints, sample_grids
from dcgan_tf.runs.best_checkpoint import BestCheckpoint
from dcgan_tf.runs.curves import CURVES_FILE, save_curves
from dcgan_tf.runs.early_stopping import find_lost_patience
from dcgan_tf.runs.metrics import MetricsWriter
from dcgan_tf.runs.repair import drop_stale_best, repair_best
from dcgan_tf.runs.training_warnings import (
    WARNINGS_FILE,
    add_warning,
    remove_later_warnings,
)
from dcgan_tf.setting_names import name_setting
from dcgan_tf.training.health import (
    CHECK_EVERY,
    HealthMonitor,
    TrainingWarning,
)
from dcgan_tf.training.image_statistics import SAMPLE_STATISTICS
from dcgan_tf.training.progress import Progress
from dcgan_tf.training.schedule import Due
from dcgan_tf.training.state import TrainingState
from dcgan_tf.training.step_measures import StepMeasures, StepTimer

# Measures of a generator by name; the first one decides which checkpoint is
# best, and less is better. Its attributes `measure`, the first one's name, and
# `held_out`, a digest of the images it measures on, tell whether what was the
# best of a run that is resumed still is; a plain function has neither.
Evaluator = Callable[[keras.Model], Mapping[str, float]]

_MEASURES = ("d_loss", "g_loss", "d_real", "d_fake", *SAMPLE_STATISTICS)


def identify(evaluator: Evaluator | None) -> tuple[str | None, str | None]:
    """Returns an evaluator's `measure` and `held_out`, None if not known."""
    names = ("measure", "held_out")
    return tuple(getattr(evaluator, name, None) for name in names)


class DivergenceError(ValueError):
    """A loss or a weight is no longer a finite number."""


class Recorder:
    """Writes a run's files, and cuts them back to where it resumes from.

    What is due when is decided by `schedule`. Every worker has a recorder,
    since checkpoints take part of each; only the chief's writes files.

    Args:
        config: The run's settings.
        run_dir: Its folder, existing.
        state: What is trained.
        progress: The terminal.
        start_step: Completed steps.
        is_chief: Whether this process writes.
        count_skipped: Returns how many unreadable images were left out so
            far.
        evaluator: What `Due.evaluation` calls; None for never.
        saves_alone: Whether this process can save a checkpoint without the
            others, as there are none.

    Attributes:
        seconds_per_step: Since metrics were written last; 0 at first.
        num_stale: Evaluations without a better one, as of the last one that
            this process made; 0 until they are too many.
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
        saves_alone: bool = True,
    ):
        self._config = config
        self._run_dir = run_dir
        self._state = state
        self._progress = progress
        self._is_chief = is_chief
        self._count_skipped = count_skipped
        self._evaluator = evaluator
        self._saves_alone = saves_alone
        # The others draw with the chief, whose files may not be there yet.
        row_names = (
            sample_grids.choose_row_names(run_dir, config) if is_chief else ()
        )
        self._grid = sample_grids.SampleGrid(config, row_names)
        # Steps that the state holds: None in the middle of an update.
        self._state_step: int | None = start_step
        self._counted_step = self._saved_step = start_step
        self._metrics = None
        self._earlier_seconds = 0.0
        if is_chief:
            sample_grids.remove_later_grids(run_dir, start_step)
            self._metrics = MetricsWriter(
                run_dir,
                start_step,
                (*_MEASURES, "learning_rate", "images_per_second", "skipped"),
                progress.log,
            )
            remove_later_warnings(run_dir, start_step)
            drop_stale_best(
                run_dir, start_step, *identify(evaluator), progress.log
            )
            self._earlier_seconds = self._metrics.elapsed_seconds
        self._start_time = time.monotonic()
        self._measures = StepMeasures()
        self._health = HealthMonitor(config.training.diff_augment)
        self.seconds_per_step = 0.0
        self.num_stale = 0
        self._timer = StepTimer(self._measures.wait)

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, kind, error, traceback) -> None:
        """Ends the log and draws what shows the whole run.

        After a failure between two steps the newest state is saved first, if
        there is room. What is only drawn from other files never makes a good
        run end badly.
        """
        if isinstance(error, Exception):
            self._save_newest(error)
        self._progress.close()
        if not self._is_chief:
            return
        self._try("the TensorBoard log", self._metrics.close)
        # Who sent a second signal doesn't want to wait.
        if error is None or isinstance(error, Exception):
            log = self._progress.log
            self._try(CURVES_FILE, lambda: save_curves(self._run_dir))
            self._try(
                sample_grids.GIF_FILE,
                lambda: sample_grids.save_samples_gif(self._run_dir, log),
            )

    def start_step(self) -> None:
        """Notes that an update starts: should it fail, it is half done."""
        self._state_step = None

    @property
    def warnings(self) -> tuple[TrainingWarning, ...]:
        """What is wrong with the run as it is now, the worst first."""
        return self._health.current

    def count(
        self,
        measures: Mapping[str, tf.Tensor],
        num_steps: int = 1,
        has_traced: bool = False,
    ) -> None:
        """Takes the measures of a call; they are read when they are logged.

        Args:
            measures: A step's scalars, or `(num_steps,)` each.
            num_steps: How many the call did.
            has_traced: Whether it traced, which is no step's time.
        """
        self._counted_step += num_steps
        self._state_step = self._counted_step
        self._measures.add(measures)
        self._progress.advance(num_steps)
        self._timer.count_steps(num_steps, has_traced)

    def write(self, step: int, due: Due) -> None:
        """Writes what is due after a step.

        Args:
            step: Completed steps.
            due: From `schedule.find_due`.

        Raises:
            DivergenceError: If a loss or a weight isn't finite.
            DiskFullError: If there is no room for a checkpoint.
        """
        if step % CHECK_EVERY == 0 or step == self._config.training.steps:
            self._check_health(step)
        if due.metrics:
            self._write_metrics(step)
        if due.samples:
            self._write_samples(step)
        if due.checkpoint:
            self._save_checkpoint(step)
        if due.evaluation and self._evaluator is not None:
            self.evaluate(step)

    def find_lost_patience(self, step: int) -> int:
        """Counts evaluations without a better one; 0 until they are too many.

        See `early_stopping.find_lost_patience`.
        """
        patience = self._config.training.patience
        return find_lost_patience(self._run_dir, patience, step)

    def _check_health(self, step: int) -> None:
        """Warns of what goes wrong, in all places where it is looked for."""
        measures = self._measures.take_unseen()
        for each in measures:
            self._check_finite(step, each)
        warning = self._health.look(step, measures)
        if warning is None:
            return
        self._progress.log(f"WARNING: {warning}")
        if not self._is_chief:
            return
        self._metrics.write_warning(step, str(warning))
        self._try(
            WARNINGS_FILE,
            lambda: add_warning(
                self._run_dir, step, warning.kind, warning.text
            ),
        )

    def _check_finite(self, step: int, measures: Mapping[str, float]) -> None:
        if not all(np.isfinite(value) for value in measures.values()):
            self._fail(step, f"losses {dict(measures)}")

    def _write_metrics(self, step: int) -> None:
        """Writes the means of the step's measures since the last time."""
        # Its clock is read once the last step is computed.
        seconds = self._timer.take_seconds_per_step()
        self.seconds_per_step = seconds
        steps = self._measures.take_unwritten()
        scalars = {
            name: float(np.mean([each[name] for each in steps]))
            for name in steps[-1]
        }
        self._check_finite(step, scalars)
        batch_size = self._config.training.batch_size
        scalars["images_per_second"] = batch_size / seconds if seconds else 0.0
        self._progress.log_metrics(step, scalars, seconds)
        if not self._is_chief:
            return
        rate, d_rate = self._state.compute_learning_rates()
        scalars["learning_rate"] = rate
        if self._config.training.discriminator_learning_rate is not None:
            scalars["d_learning_rate"] = d_rate
        scalars["skipped"] = self._count_skipped()
        self._write_row(step, scalars)

    def _write_samples(self, step: int) -> None:
        """Saves the grid of fixed latents."""
        with self._timer.paused():
            grid = self._grid.draw(self._state.sampling_generator)
            if self._is_chief:
                path = sample_grids.sample_path(self._run_dir, step)
                images.save_png(path, grid)
                self._metrics.write_samples(step, grid)

    def _save_checkpoint(self, step: int) -> None:
        """Saves a checkpoint, unless a weight isn't finite."""
        with self._timer.paused():
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
            self._saved_step = step
            if self._is_chief:
                self._metrics.flush()

    def _save_newest(self, error: Exception) -> None:
        """Saves the state that a failure would lose, if it is whole."""
        step = self._state_step
        if (
            not self._saves_alone
            or step is None
            or step == self._saved_step
            or isinstance(error, DivergenceError)
        ):
            return
        # The failure itself is what the user must hear of.
        with contextlib.suppress(Exception):
            self._save_checkpoint(step)
            self._progress.log(f"checkpoint saved after step {step}")

    def evaluate(self, step: int) -> None:
        """Measures the generator; marks the checkpoint if it is the best.

        Args:
            step: Completed steps, of which there is a checkpoint.
        """
        with self._timer.paused():
            generator = self._state.sampling_generator
            sample_grids.reestimate_generator(generator, self._config)
            if not self._is_chief:
                return
            measures = dict(self._evaluator(generator))
            name, value = next(iter(measures.items()))
            best = repair_best(self._run_dir, self._progress.log)
            # Nothing would be less than what isn't a number.
            if np.isfinite(value) and (
                best is None or best.measure != name or value < best.value
            ):
                _, held_out = identify(self._evaluator)
                best = BestCheckpoint(step, name, value, held_out)
                checkpoints.mark_best(self._run_dir, best)
            # Last: whoever finds no row evaluates the step again.
            self._write_row(step, measures)
            floor = measures.get(f"{name}_floor")
            beside = "" if floor is None else f" (training images: {floor:.4g})"
            self._progress.log(f"step {step}: {name} {value:.4g}{beside}")
            self.num_stale = self.find_lost_patience(step)

    def _write_row(self, step: int, scalars: dict[str, float]) -> None:
        elapsed = time.monotonic() - self._start_time
        scalars["elapsed_seconds"] = self._earlier_seconds + elapsed
        self._metrics.write(step, scalars)

    def _try(self, name: str, write: Callable[[], None]) -> None:
        """Writes what a run can do without, or says that it couldn't."""
        try:
            write()
        except Exception as error:
            reason = failures.describe(error) or error
            self._progress.log(f"{name} could not be written: {reason}")

    def _fail(self, step: int, what: str) -> None:
        new = f"a new {name_setting('run_dir')}"
        start = f"No checkpoint was saved; start in {new}"
        if checkpoints.list_steps(self._run_dir):
            option = name_setting(
                "init_from", f"{os.fspath(self._run_dir)}@STEP"
            )
            start = (
                f"Checkpoints are untouched; go back to one with {option} in "
                f"{new}"
            )
        raise DivergenceError(
            f"training diverged by step {step}: {what} not finite. {start}, "
            f"with a lower {name_setting('learning_rate')} or "
            f"{name_setting('precision', 'float32')}"
        )
