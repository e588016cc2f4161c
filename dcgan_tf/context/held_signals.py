"""Puts signals off for as long as something must not be left half done."""

import contextlib
import signal
import threading
from collections.abc import Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Has signals that raise an exception do so at the end, not within.

    For what takes little time. One that ends the process, or is ignored, is
    left alone.
    """
    held: list[int] = []
    previous = {}
    # Python lets only the main thread set handlers, and runs them there.
    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            if callable(signal.getsignal(number)):
                previous[number] = signal.signal(
                    number, lambda number, _: held.append(number)
                )
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        for number in held:
            signal.raise_signal(number)
