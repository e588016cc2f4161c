"""Ctrl-C, SIGTERM and a closed terminal end a command with one line."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator

from dcgan_tf.cli.exit_codes import EXIT_INTERRUPTED
from dcgan_tf.context.stop_signals import handle_signals

_MESSAGE = "stopped by {}; the same command starts again"


class Interrupted(KeyboardInterrupt):
    """A signal told the command to end.

    Args:
        signal_number: Which.

    Attributes:
        signal_number: As given.
    """

    def __init__(self, signal_number: int):
        super().__init__(describe(signal_number))
        self.signal_number = signal_number


class Interruption:
    """Raises `Interrupted` at the first signal and exits at the second.

    Args:
        name: The command's, for its one line.

    Attributes:
        signal_number: The first signal received, or None.
    """

    def __init__(self, name: str):
        self._name = name
        self.signal_number: int | None = None

    def handle(self, number: int, frame: object) -> None:
        """Takes a signal."""
        # A closed terminal sends it twice: the system does, and the shell.
        if number == signal.SIGHUP == self.signal_number:
            return
        if self.signal_number is not None or _exit_descriptor is not None:
            exit_at_once(self._name, number)
        self.signal_number = number
        raise Interrupted(number)


_exit_descriptor: int | None = None


def describe(number: int) -> str:
    """Returns the command's line on a signal."""
    return _MESSAGE.format(signal.Signals(number).name)


def exit_at_once(name: str, number: int) -> None:
    """Ends the process with one line, without cleaning up.

    Files appear whole or not at all, so that nothing is left half written.
    """
    line = f"{name}: {describe(number)}\n".encode(errors="replace")
    with contextlib.suppress(OSError):
        os.write(2 if _exit_descriptor is None else _exit_descriptor, line)
    os._exit(EXIT_INTERRUPTED)


@contextlib.contextmanager
def exits_at_once(descriptor: int) -> Iterator[None]:
    """Makes a signal end the process at once.

    For imports: an exception in the middle of one is reported by whatever
    C code it passes through, in pages.

    Args:
        descriptor: Where the line goes, as the standard error may be
            elsewhere.
    """
    global _exit_descriptor
    _exit_descriptor = descriptor
    try:
        yield
    finally:
        _exit_descriptor = None


@contextlib.contextmanager
def signals_raise(name: str) -> Iterator[Interruption]:
    """Handles signals while a command runs.

    A signal that is ignored, as by `nohup`, stays so.
    """
    interruption = Interruption(name)
    with handle_signals(interruption.handle), _none_swallowed(name):
        yield interruption


@contextlib.contextmanager
def _none_swallowed(name: str) -> Iterator[None]:
    """Has a signal end the command also where its exception would be lost.

    Python prints and drops what is raised in a `__del__` or in a callback of
    the garbage collector, and the command would go on.
    """
    before = sys.unraisablehook

    def end(unraisable) -> None:
        if isinstance(unraisable.exc_value, Interrupted):
            exit_at_once(name, unraisable.exc_value.signal_number)
        before(unraisable)

    sys.unraisablehook = end
    try:
        yield
    finally:
        sys.unraisablehook = before
