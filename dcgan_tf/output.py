"""Standard output: it survives its reader, and what is printed is text."""

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from typing import TextIO

# What ends a line, what a terminal obeys, and what turns letters around.
_CONTROLS = re.compile(
    "[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


def escape_controls(text: str) -> str:
    """Writes control characters as Python does: a newline as `\\n`.

    A file's name may hold any; printed as they are they would end a line, or
    change a terminal's colours.

    Args:
        text: A line, or a name in it.
    """
    return _CONTROLS.sub(lambda match: repr(match[0])[1:-1], text)


class LastingStream:
    """A text stream that outlives its reader.

    A pipe whose reader ended, a terminal that was closed and a full disk
    under a log must not end hours of training: what can't be written is
    dropped, and so is all that follows.

    Args:
        stream: Where to write; None, as `sys.stdout` is where the standard
            output was closed, for nowhere.
    """

    def __init__(self, stream: TextIO | None):
        self._stream = stream if stream is not None else _open_nowhere()

    def write(self, text: str) -> int:
        """Writes a text, or drops it."""
        try:
            return self._stream.write(text)
        except (OSError, ValueError):
            self._give_up()
            return len(text)

    def flush(self) -> None:
        """Writes what is buffered, or drops it."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self._give_up()

    def isatty(self) -> bool:
        """Whether the stream is a terminal that is still there."""
        try:
            return self._stream.isatty()
        except (OSError, ValueError):
            return False

    def __getattr__(self, name: str):
        return getattr(self._stream, name)

    def _give_up(self) -> None:
        try:
            descriptor = self._stream.fileno()
        except (OSError, ValueError, AttributeError):
            descriptor = -1
        if descriptor in (1, 2):
            # Python flushes its own stream once more as it ends.
            _point_nowhere(descriptor)
        else:
            self._stream = _open_nowhere()


@contextlib.contextmanager
def standard_streams_last() -> Iterator[None]:
    """Makes `sys.stdout` and `sys.stderr` outlive their readers.

    A standard stream that was closed (`>&-`) leads nowhere, so that no file
    opened later becomes the standard output of a library.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            _point_nowhere(descriptor)
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(LastingStream, before)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def _point_nowhere(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere != descriptor:
        os.dup2(nowhere, descriptor)
        os.close(nowhere)


def _open_nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - Kept open.
