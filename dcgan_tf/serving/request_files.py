"""The image files of a request, checked before anything is sent.

A server's refusal doesn't say which file of a request it is about. Nothing
here imports TensorFlow, so that a command can check them first.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from dcgan_tf.counted import format_count

_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_MOST_NAMED = 3


def check_files(paths: Sequence[str | os.PathLike]) -> None:
    """Refuses the first path that can't be of a JPEG or PNG file.

    Raises:
        FileNotFoundError: If there is no such file.
        IsADirectoryError: If it is a folder.
        ValueError: If it is empty or of another format.
        OSError: If it can't be read.
    """
    for path in map(Path, paths):
        if path.is_dir():
            raise IsADirectoryError(
                f"{os.fspath(path)!r} is a folder; name the JPEG or PNG files "
                "in it"
            )
        if not path.is_file():
            raise FileNotFoundError(f"no file {os.fspath(path)!r}")
        with path.open("rb") as file:
            start = file.read(max(map(len, _STARTS)))
        if not start.startswith(_STARTS):
            fault = "no JPEG or PNG file" if start else "an empty file"
            raise ValueError(
                f"{os.fspath(path)!r} is {fault}; give whole JPEG or PNG files"
            )


def list_names(paths: Sequence[str | os.PathLike]) -> str:
    """Names some of a request's files, one or more, in a sentence."""
    names = [repr(os.fspath(path)) for path in paths[:_MOST_NAMED]]
    if others := len(paths) - len(names):
        names.append(format_count(others, "other"))
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
