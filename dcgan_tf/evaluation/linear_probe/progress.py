"""Progress of a long stage, logged now and then."""

import time
from collections.abc import Callable

_SECONDS_BETWEEN_LINES = 20.0


class StageProgress:
    """Logs the fraction of equal units that is done and the time left."""

    def __init__(
        self,
        log: Callable[[str], None],
        what: str,
        num_units: int,
        read_clock: Callable[[], float] = time.monotonic,
    ):
        """Says that the stage begins.

        Args:
            log: Takes lines.
            what: The stage.
            num_units: How many it has: images, fits, draws, rows.
            read_clock: Seconds, of any origin.
        """
        self._log = log
        self._what = what
        self._num_units = num_units
        self._read_clock = read_clock
        self._num_skipped = self._num_done = 0
        self._start = self._last_line = read_clock()
        log(f"{what}: {num_units:,}")

    def skip(self, num_units: int) -> None:
        """Takes units that were done before out of the forecast."""
        self._num_skipped += num_units
        self._num_done += num_units

    def advance(self, num_units: int = 1) -> None:
        """Counts units done; says so unless it has just done that."""
        self._num_done += num_units
        now = self._read_clock()
        num_left = self._num_units - self._num_done
        is_soon = now - self._last_line < _SECONDS_BETWEEN_LINES
        if not num_left or is_soon:
            return
        self._last_line = now
        seconds_each = (now - self._start) / (
            self._num_done - self._num_skipped
        )
        self._log(
            f"{self._what}: {self._num_done:,} of {self._num_units:,}, about "
            f"{format_seconds(seconds_each * num_left)} left"
        )


def format_seconds(seconds: float) -> str:
    """Writes a duration as people say it: 40 s, 3 min, 1 h 20 min."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
