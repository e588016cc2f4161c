"""Turns signals into a request to stop after the current step."""

import contextlib
import signal

from dcgan_tf.context.stop_signals import handle_signals


class InterruptGuard:
    """Remembers the first signal while active; the second one acts.

    SIGTERM, Ctrl-C (SIGINT), and SIGHUP, which a process gets when its
    terminal is closed: once from the system and once from the shell, so that
    another one asks for nothing. A signal that is ignored, as SIGHUP under
    `nohup`, stays ignored.

    Attributes:
        signal_number: The signal received, or None.
    """

    def __init__(self):
        self.signal_number: int | None = None
        self._stack = contextlib.ExitStack()
        self._previous = {}

    def __enter__(self) -> "InterruptGuard":
        self._previous = self._stack.enter_context(
            handle_signals(self._remember)
        )
        return self

    def _remember(self, number, frame):
        if self.signal_number is None:
            self.signal_number = number
        # Who asks twice doesn't want to wait for the checkpoint.
        if number != signal.SIGHUP:
            for other in set(self._previous) - {signal.SIGHUP}:
                signal.signal(other, self._previous.pop(other))

    def __exit__(self, *exception) -> None:
        self._stack.close()
