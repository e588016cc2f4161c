"""What training steps report, and the time that they take."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import tensorflow as tf


class StepMeasures:
    """The measures of steps, read from the device once they are asked for.

    A device works while Python runs ahead; reading a number waits for it.
    Rows of metrics and looks at health each take all steps, in their own time.
    """

    def __init__(self):
        # Of calls that the device may still be computing.
        self._pending: list[Mapping[str, tf.Tensor]] = []
        # A step each: since the last row, and since the last look at health.
        self._unwritten: list[dict[str, float]] = []
        self._unseen: list[dict[str, float]] = []

    def add(self, measures: Mapping[str, tf.Tensor]) -> None:
        """Takes a call's measures: scalars, or `(num_steps,)` each."""
        self._pending.append(measures)

    def wait(self) -> None:
        """Waits for the device; the last losses depend on all before."""
        if self._pending:
            self._pending[-1]["d_loss"].numpy()

    def take_unwritten(self) -> list[dict[str, float]]:
        """Returns each step's measures since this was last called."""
        self._read()
        taken, self._unwritten = self._unwritten, []
        return taken

    def take_unseen(self) -> list[dict[str, float]]:
        """Returns the same, since this was last called."""
        self._read()
        taken, self._unseen = self._unseen, []
        return taken

    def _read(self) -> None:
        for call in self._pending:
            columns = [np.atleast_1d(value.numpy()) for value in call.values()]
            for values in zip(*columns, strict=True):
                each = dict(zip(call, map(float, values), strict=True))
                self._unwritten.append(each)
                self._unseen.append(each)
        self._pending = []


class StepTimer:
    """Times steps alone, without grids, checkpoints and tracing.

    What is computed traces in the first call, and again where a call is of
    another kind: that of the first step without a penalty of D's gradients,
    or of several steps. Such a call is left out, with those that the clock
    hasn't been read after.

    Args:
        wait: Returns once the last counted step is computed. A device works
            while Python runs ahead, so that it is called before any reading of
            the clock.
    """

    def __init__(self, wait: Callable[[], None]):
        self._wait = wait
        self._running_since: float | None = None
        # Those whose time is in `_seconds`, and those since the last reading.
        self._num_steps = self._num_unread = 0
        self._seconds = 0.0

    def count_steps(self, num_steps: int, has_traced: bool = False) -> None:
        """Counts steps that have been given to the device in one call.

        Args:
            num_steps: How many.
            has_traced: Whether the call has traced.
        """
        if has_traced or self._running_since is None:
            self._wait()
            self._running_since = time.monotonic()
            self._num_unread = 0
        else:
            self._num_unread += num_steps

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Stops the clock for a while; one that isn't running stays so."""
        self._read()
        yield
        if self._running_since is not None:
            self._wait()
            self._running_since = time.monotonic()

    def take_seconds_per_step(self) -> float:
        """Returns the mean of the steps since the last call; 0 for none."""
        self._read()
        # None where all were in calls that traced.
        is_timed = self._num_steps > 0
        seconds = self._seconds / self._num_steps if is_timed else 0.0
        self._num_steps, self._seconds = 0, 0.0
        return seconds

    def _read(self) -> None:
        """Adds the time since the clock was last read."""
        self._wait()
        if self._running_since is not None:
            now = time.monotonic()
            self._seconds += now - self._running_since
            self._num_steps += self._num_unread
            self._running_since, self._num_unread = now, 0
