"""Errors of a full disk or too little memory, recognised and described.

TensorFlow raises one error for both, with a page of text. Nothing here
imports it, so that a command can use it before.
"""

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

_FULL_DISK_NUMBERS = (errno.ENOSPC, errno.EDQUOT)
_FULL_DISK_TEXT = re.compile(r"No space left on device|Disk quota exceeded")
# TensorFlow's file system names the file first: `/a/file; No space left ...`.
_FILE_ERROR = re.compile(
    r"(?P<path>/[^\n;]*); (?P<reason>No space left on device|Disk quota "
    r"exceeded|Input/output error|Read-only file system|Permission denied)"
)
# What an eager operation sets before that.
_OPERATION = re.compile(r"\{\{[^{}]*\}\} ?")
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


class DiskFullError(OSError):
    """A disk has no room for what a run writes."""


class OutOfMemoryError(MemoryError):
    """The device or the host has too little memory for a run."""


def is_disk_full(error: BaseException) -> bool:
    """Whether an error, of Python or TensorFlow, is that of a full disk."""
    if isinstance(error, OSError):
        return error.errno in _FULL_DISK_NUMBERS
    return _is_tensorflows(error) and names_full_disk(str(error))


def names_full_disk(message: str) -> bool:
    """Whether an error's message is that of a full disk."""
    return bool(_FULL_DISK_TEXT.search(message))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error is that of memory, of a GPU or the host."""
    if isinstance(error, MemoryError):
        return True
    is_exhausted = type(error).__name__ == "ResourceExhaustedError"
    return is_exhausted and not is_disk_full(error)


def find_path(error: BaseException) -> str | None:
    """Returns the file that an error of a file system names, if it does."""
    if isinstance(error, OSError):
        name = error.filename
        return os.fspath(name) if isinstance(name, str | os.PathLike) else None
    found = _find_file_error(error)
    return found["path"] if found else None


def _find_file_error(error: BaseException) -> re.Match | None:
    return _FILE_ERROR.search(_OPERATION.sub("", str(error)))


def describe(error: BaseException) -> str | None:
    """Puts an error of files, disk or memory in one line.

    Returns:
        What happened and what would do; None for any other error.
    """
    if isinstance(error, DiskFullError | OutOfMemoryError):
        return str(error)
    if is_disk_full(error):
        return describe_full_disk(find_path(error))
    if is_out_of_memory(error):
        details = str(error).strip().split("\n")[0][:200]
        return (
            f"out of memory{': ' + details if details else ''}; give a "
            "smaller batch size or fewer images, or end other processes"
        )
    if isinstance(error, OSError) and error.errno and find_path(error):
        return f"{find_path(error)!r}: {error.strerror}"
    found = _find_file_error(error) if _is_tensorflows(error) else None
    return f"{found['path']!r}: {found['reason']}" if found else None


@contextlib.contextmanager
def full_disk_named(
    path: str | os.PathLike, needed: int = 0, advice: str = ""
) -> Iterator[None]:
    """Names the file or folder that is being written on a full disk.

    Args:
        path: What is being written.
        needed: Its bytes; 0 where that isn't known.
        advice: What else would do, a sentence.

    Raises:
        DiskFullError: Instead of any error of a full disk.
    """
    try:
        yield
    except DiskFullError:
        raise
    except Exception as error:
        if not is_disk_full(error):
            raise
        # What is being written may need a folder of temporary files as well.
        named = find_path(error)
        if named is not None and not _is_same_disk(named, path):
            text = describe_full_disk(named)
        else:
            text = describe_full_disk(path, needed)
        raise DiskFullError(f"{text}. {advice}" if advice else text) from error


def describe_full_disk(path: str | os.PathLike | None, needed: int = 0) -> str:
    """Says where there is no room, and how much is needed.

    Args:
        path: A file or folder, or None where it isn't known.
        needed: Bytes; 0 where that isn't known.
    """
    where = "the disk is full"
    if path is not None:
        where = f"no space left on the disk of {os.fspath(path)!r}"
        free = find_free_bytes(path)
        where += f" ({format_bytes(free)} free)" if free is not None else ""
    need = f"; {format_bytes(needed)} are needed" if needed else ""
    return f"{where}{need}; make room there, or name another folder"


def find_free_bytes(path: str | os.PathLike) -> int | None:
    """Returns the free bytes of a path's disk; None where none can tell.

    Args:
        path: Need not be there; the nearest folder above it counts.
    """
    path = Path(path).absolute()
    for folder in (path, *path.parents):
        try:
            return shutil.disk_usage(folder).free
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return None
    return None


def format_bytes(count: float) -> str:
    """Writes a number of bytes with a unit: `3.1 MB`."""
    unit = 0
    while count >= 1000 and unit < len(_UNITS) - 1:
        count /= 1000
        unit += 1
    return f"{count:.1f} {_UNITS[unit]}" if unit else f"{count:.0f} bytes"


def _is_same_disk(path: str | os.PathLike, other: str | os.PathLike) -> bool:
    return _find_disk(path) == _find_disk(other)


def _find_disk(path: str | os.PathLike) -> int | None:
    """Returns the number of a path's disk; the nearest folder counts."""
    path = Path(path).absolute()
    for folder in (path, *path.parents):
        try:
            return folder.stat().st_dev
        except OSError:
            continue
    return None


def _is_tensorflows(error: BaseException) -> bool:
    return type(error).__module__.startswith("tensorflow")
