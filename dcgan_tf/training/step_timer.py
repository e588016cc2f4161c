"""Times training steps alone, without grids and checkpoints."""

import time
from collections.abc import Callable


class StepTimer:
    """Times steps; the first one's tracing isn't in it.

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

    def count_step(self) -> None:
        """Counts a step that has been given to the device."""
        if self._resumed_at is None:
            self.resume()
        else:
            self._num_steps += 1

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
