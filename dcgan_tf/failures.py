"""Errors of files, disks and memory, recognised and described.

TensorFlow raises one error for a full disk and too little memory, with a page
of text. Nothing here imports it, so that a command can use it before.
"""

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

try:
    import resource
except ModuleNotFoundError:  # Windows has no such limits.
    resource = None

_FULL_DISK_NUMBERS = (errno.ENOSPC, errno.EDQUOT)
_FULL_DISK_TEXT = re.compile("|".join(map(os.strerror, _FULL_DISK_NUMBERS)))
# What TensorFlow's file system says is the system's own word.
_NUMBERS = {
    os.strerror(number): number
    for number in (
        *_FULL_DISK_NUMBERS,
        errno.EFBIG,
        errno.EIO,
        errno.EROFS,
        errno.EACCES,
    )
}
# It names the file first: `/a/file; No space left on device`.
_FILE_ERROR = re.compile(
    rf"(?P<path>/[^\n;]*); (?P<reason>{'|'.join(map(re.escape, _NUMBERS))})"
)
# What an eager operation sets before that.
_OPERATION = re.compile(r"\{\{[^{}]*\}\} ?")
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


class DiskFullError(OSError):
    """A disk has no room for what a run writes."""


class FileTooLargeError(OSError):
    """A file system, or a limit of this process, takes no file so large."""


class OutOfMemoryError(MemoryError):
    """The device or the host has too little memory for a run."""


# Their texts are lines already.
_DESCRIBED = (DiskFullError, FileTooLargeError, OutOfMemoryError)


def is_disk_full(error: BaseException) -> bool:
    """Whether an error, of Python or TensorFlow, is that of a full disk."""
    if isinstance(error, OSError):
        return error.errno in _FULL_DISK_NUMBERS
    return _is_tensorflows(error) and names_full_disk(str(error))


def names_full_disk(message: str) -> bool:
    """Whether an error's message is that of a full disk."""
    return bool(_FULL_DISK_TEXT.search(message))


def is_file_too_large(error: BaseException) -> bool:
    """Whether an error, of Python or TensorFlow, is of a file's size."""
    if isinstance(error, OSError):
        return error.errno == errno.EFBIG
    return _find_number(error) == errno.EFBIG


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


def _find_number(error: BaseException) -> int | None:
    """Returns the number of the system's error in one of TensorFlow's."""
    found = _find_file_error(error) if _is_tensorflows(error) else None
    return _NUMBERS[found["reason"]] if found else None


def describe(error: BaseException) -> str | None:
    """Puts an error of files, disk or memory in one line.

    Returns:
        What happened and what would do; None for any other error.
    """
    if isinstance(error, _DESCRIBED):
        return str(error)
    if is_disk_full(error):
        return describe_full_disk(find_path(error))
    if is_file_too_large(error):
        return describe_too_large(find_path(error))
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
def file_named(path: str | os.PathLike) -> Iterator[None]:
    """Names what is being written in errors that don't, or not by that name.

    The system names a file that can't be opened, and none that can't be
    written to; TensorFlow names a temporary one.

    Args:
        path: The file or folder, as users know it.

    Raises:
        OSError: Of that name; also instead of TensorFlow's error of a file.
    """
    try:
        yield
    except OSError as error:
        if error.errno and error.filename is None:
            error.filename = os.fspath(path)
        raise
    except Exception as error:
        number = _find_number(error)
        if number is None:
            raise
        reason = os.strerror(number)
        raise OSError(number, reason, os.fspath(path)) from error


@contextlib.contextmanager
def full_disk_named(
    path: str | os.PathLike, needed: int = 0, advice: str = ""
) -> Iterator[None]:
    """Says what would do where a disk is full or a file too large for it.

    Args:
        path: The file or folder that is being written.
        needed: Its bytes; 0 where that isn't known.
        advice: What else would do, a sentence.

    Raises:
        DiskFullError: Instead of any error of a full disk.
        FileTooLargeError: Instead of any error of a file's size.
    """
    try:
        yield
    except (DiskFullError, FileTooLargeError):
        raise
    except Exception as error:
        if is_file_too_large(error):
            kind = FileTooLargeError
            # TensorFlow's are temporary.
            named = getattr(error, "filename", None) or path
            text = describe_too_large(named)
        elif is_disk_full(error):
            kind = DiskFullError
            # What is being written may need a folder of temporary files too.
            named = find_path(error)
            if named is not None and not _is_same_disk(named, path):
                text = describe_full_disk(named)
            else:
                text = describe_full_disk(path, needed)
        else:
            raise
        raise kind(f"{text}. {advice}" if advice else text) from error


def describe_too_large(path: str | os.PathLike | None) -> str:
    """Says which file is too large, and for what.

    Args:
        path: The file, or its folder; None where neither is known.
    """
    what = "a file"
    if path is not None:
        what = f"{os.fspath(path)!r}"
        what = f"a file in {what}" if os.path.isdir(path) else what
    limit = _find_size_limit()
    if limit is None:
        return (
            f"{what} would be larger than its file system allows; name a "
            "folder on another disk"
        )
    return (
        f"{what} would be larger than the {format_bytes(limit)} that this "
        "process may write to one (ulimit -f), or than its file system "
        "allows; raise the limit, or name a folder on another disk"
    )


def _find_size_limit() -> int | None:
    """Returns the bytes that a file may have; None where any number."""
    if resource is None:
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    return None if limit == resource.RLIM_INFINITY else limit


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
