"""A folder of files, as `listing` walks it and images are read from it."""

import dataclasses
import functools
import os
import stat
from collections.abc import Callable, Iterator
from typing import BinaryIO

from dcgan_tf.data.files.file_formats import START_BYTES
from dcgan_tf.data.files.hidden_files import is_hidden
from dcgan_tf.data.files.own_output import is_own_folder

# Where images differ that share a header.
_MIDDLE_BYTES = 64


@dataclasses.dataclass(frozen=True)
class FileStatus:
    """What is known of a file before it is opened.

    Attributes:
        size: Bytes.
        version: Changes when the file does.
        fault: Why it isn't to be opened, or ''.
    """

    size: int
    version: str
    fault: str = ""


# A file's name under the root, with forward slashes, and its status, which
# raises an `OSError` where there is none.
WalkedFile = tuple[str, Callable[[], FileStatus]]


class FolderTree:
    """A folder and all below it.

    What `is_hidden` is left out, and each real folder is entered once,
    through links too.

    Args:
        root: The folder.
    """

    kind = "image folder"

    def __init__(self, root: str | os.PathLike):
        self.path = os.fspath(root)

    def is_there(self) -> bool:
        """Whether the files can still be read."""
        return os.path.isdir(self.path)

    def open(self, name: str) -> BinaryIO:
        """Opens a file that `walk` found."""
        return open(os.path.join(self.path, name), "rb")

    def read_sample(self, name: str, size: int) -> tuple[bytes, bytes]:
        """Reads a file's first bytes and some at its middle.

        Args:
            name: A regular file that `walk` found.
            size: Its bytes.
        """
        with self.open(name) as file:
            return read_sample(file, size)

    def walk(
        self, own_folders: list[str], hidden: list[str]
    ) -> Iterator[WalkedFile]:
        """Yields the files.

        Args:
            own_folders: Gets the names of run and export folders, which are
                not entered.
            hidden: Gets the names of hidden files and folders, which are
                not entered either.
        """
        entered = set()
        real, linked = [""], []
        while real or linked:
            # Real folders first: a folder is known by its own name, not a
            # link's.
            folder = real.pop() if real else linked.pop()
            path = os.path.join(self.path, folder)
            try:
                status, entries = os.stat(path), os.scandir(path)
            except OSError as error:  # Such as one that may not be read.
                if not folder:
                    raise
                yield folder, functools.partial(_fail, error)
                continue
            with entries:
                if (status.st_dev, status.st_ino) in entered:
                    continue
                entered.add((status.st_dev, status.st_ino))
                visible, passed_over = [], []
                for entry in entries:
                    is_left_out = is_hidden(entry.name)
                    (passed_over if is_left_out else visible).append(entry)
            if folder and is_own_folder(path, {e.name for e in visible}):
                own_folders.append(folder)
                continue
            hidden += [_join(folder, entry.name) for entry in passed_over]
            for entry in visible:
                name = _join(folder, entry.name)
                if not _is_folder(entry):
                    yield name, functools.partial(_describe, entry)
                elif entry.is_symlink():
                    linked.append(name)
                else:
                    real.append(name)
            linked.sort(reverse=True)


def read_sample(file: BinaryIO, size: int) -> tuple[bytes, bytes]:
    """Reads what tells an image from others: its start, and its middle.

    Args:
        file: At its start.
        size: Its bytes.
    """
    start = file.read(START_BYTES)
    file.seek(size // 2)
    return start, file.read(_MIDDLE_BYTES)


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _fail(error: OSError):
    raise error


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # A link to itself.
        return False


def _describe(entry: os.DirEntry) -> FileStatus:
    status = entry.stat()
    # Nothing else is opened, so that a pipe can't block.
    is_file = stat.S_ISREG(status.st_mode)
    return FileStatus(
        status.st_size,
        f"{status.st_size} {status.st_mtime_ns}",
        "" if is_file else "not a regular file",
    )
