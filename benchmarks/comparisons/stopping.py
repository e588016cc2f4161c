"""Stops a comparison such that the same command goes on with it."""

import contextlib
import signal
import sys
from collections.abc import Iterator

EXIT_INTERRUPTED = 75


class Stopped(Exception):
    """The comparison was told to stop."""


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Raises `Stopped` inside when a signal comes, and ends the program."""
    signals = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, _stop) for number in signals]
    try:
        yield
    except Stopped:
        print("stopped; the same command goes on", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def _stop(signum, frame) -> None:
    raise Stopped
