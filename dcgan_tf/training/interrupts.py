"""SIGTERM and Ctrl-C as a request to stop after the current step."""

import signal
import threading


class InterruptGuard:
    """Remembers the first signal while active; the second one acts.

    Attributes:
        signal_number: The signal received, or None.
    """

    _SIGNALS = (signal.SIGTERM, signal.SIGINT)

    def __init__(self):
        self.signal_number: int | None = None
        self._previous = {}

    def __enter__(self) -> "InterruptGuard":
        # Python lets only the main thread set handlers.
        if threading.current_thread() is threading.main_thread():
            self._previous = {
                number: signal.signal(number, self._remember)
                for number in self._SIGNALS
            }
        return self

    def _remember(self, number, frame):
        self.signal_number = number
        # Who asks twice doesn't want to wait for the checkpoint.
        self._restore()

    def __exit__(self, *exception) -> None:
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}
