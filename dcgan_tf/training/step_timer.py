"""Times training steps alone, without grids and checkpoints."""

import time
from collections.abc import Callable


class StepTimer:
    """Times steps; the first call, which traces, isn't in it.

    Args:
        wait: Returns once the last counted step is computed. A device works
            while Python runs ahead, so that it is called before any reading of
            the clock.
    """

    def __init__(self, wait: Callable[[], None]):
        self._wait = wait
        self._resumed_at: float | None = None
        self._num_steps = 0
        self._seconds = 0.0

    def count_steps(self, num_steps: int) -> None:
        """Counts steps that have been given to the device in one call."""
        if self._resumed_at is None:
            self.resume()
        else:
            self._num_steps += num_steps

    def stop(self) -> None:
        """Stops the clock until after the next call, which traces anew."""
        self.pause()
        self._resumed_at = None

    def pause(self) -> None:
        """Stops the clock until `resume`."""
        self._wait()
        if self._resumed_at is not None:
            now = time.monotonic()
            self._seconds += now - self._resumed_at
            self._resumed_at = now

    def resume(self) -> None:
        """Starts the clock, once what was counted is computed."""
        self._wait()
        self._resumed_at = time.monotonic()

    def take_seconds_per_step(self) -> float:
        """Returns the mean of the steps since the last call; 0 for none."""
        self.pause()
        seconds = self._seconds / max(self._num_steps, 1)
        self._num_steps, self._seconds = 0, 0.0
        return seconds
