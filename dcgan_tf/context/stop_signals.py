"""Signals that ask a process to stop, and holding them for a while."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def handle_signals(
    handler: Callable[[int, object], None], also_default: bool = True
) -> dict[int, Callable | int]:
    """Has Ctrl-C, SIGTERM and a closed terminal call a handler.

    Signals that are ignored, as by `nohup`, stay so. Nothing is set outside
    of the main thread, as Python doesn't let others.

    Args:
        handler: As of `signal.signal`.
        also_default: Whether also signals that would end the process.

    Returns:
        The handlers before, for `signal.signal` to put back.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    # None: set by C code, which can't be put back.
    left_alone = {signal.SIG_IGN, None}
    if not also_default:
        left_alone.add(signal.SIG_DFL)
    return {
        number: signal.signal(number, handler)
        for number in _SIGNALS
        if signal.getsignal(number) not in left_alone
    }


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Has signals that raise an exception do so at the end, not within.

    For what takes little time. One that ends the process, or is ignored, is
    left alone.
    """
    held: list[int] = []
    previous = handle_signals(
        lambda number, _: held.append(number), also_default=False
    )
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        for number in held:
            signal.raise_signal(number)
