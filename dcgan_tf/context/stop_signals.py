"""Signals that ask a process to stop: handling and holding them."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def handle_signals(
    handler: Callable[[int, object], None], also_default: bool = True
) -> Iterator[dict[int, Callable | int]]:
    """Has Ctrl-C, SIGTERM and a closed terminal call a handler for a while.

    Signals that are ignored, as by `nohup`, stay so. Nothing is set outside
    of the main thread, as Python doesn't let others.

    Args:
        handler: As of `signal.signal`.
        also_default: Whether also signals that would end the process.

    Yields:
        The handlers before. Those that are in it at the end are put back:
        take out what you put back earlier.
    """
    if threading.current_thread() is not threading.main_thread():
        yield {}
        return
    # None: set by C code, which can't be put back.
    left_alone = {signal.SIG_IGN, None}
    if not also_default:
        left_alone.add(signal.SIG_DFL)
    previous = {
        number: signal.signal(number, handler)
        for number in _SIGNALS
        if signal.getsignal(number) not in left_alone
    }
    try:
        yield previous
    finally:
        for number in tuple(previous):
            # The handler may take it out just now.
            before = previous.pop(number, None)
            if before is not None:
                signal.signal(number, before)


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Has signals that raise an exception do so at the end, not within.

    For what takes little time. One that ends the process, or is ignored, is
    left alone.
    """
    held: list[int] = []
    try:
        with handle_signals(
            lambda number, _: held.append(number), also_default=False
        ):
            yield
    finally:
        for number in held:
            signal.raise_signal(number)
