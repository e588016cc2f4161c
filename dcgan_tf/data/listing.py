"""Which files of a folder tree may be pictures, by their first bytes."""

import functools
import hashlib
import os
import stat
from collections.abc import Iterator

from dcgan_tf.data.skipped import Skipped

_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"RIFF")
_LONGEST_SIGNATURE = max(len(signature) for signature in _SIGNATURES)


def list_pictures(
    root: str | os.PathLike, skipped: Skipped
) -> tuple[list[str], str]:
    """Walks a tree, through links too, and entering each real folder once.

    Names that begin with a dot are ignored. Nothing but regular files is
    opened, so that a pipe can't block.

    Args:
        root: The folder.
        skipped: Gets every other file that is no picture.

    Returns:
        Names relative to the folder, with forward slashes, and a digest of
        all names, sizes and times of change, whatever their order.
    """
    names, digests = [], 0
    for name, path, find_status in _walk(os.fspath(root)):
        try:
            status = find_status()
            fault = _find_fault(path, status)
        except OSError as error:  # Such as a link to nowhere.
            fault = error.strerror or str(error)
        if fault:
            skipped.add(name, fault)
            continue
        names.append(name)
        contents = f"{status.st_size} {status.st_mtime_ns} ".encode()
        digests += hash_bytes(contents + os.fsencode(name))
    return names, f"{digests:x}"


def hash_bytes(contents: bytes) -> int:
    """Returns 256 bits that look random and never change."""
    return int.from_bytes(hashlib.sha256(contents).digest(), "big")


def _walk(root: str) -> Iterator[tuple]:
    """Yields each file's name under the root, its path and its `stat`."""
    entered = set()
    real, linked = [""], []
    while real or linked:
        # Real folders first: a folder is known by its own name, not a link's.
        folder = real.pop() if real else linked.pop()
        path = os.path.join(root, folder)
        try:
            status, entries = os.stat(path), os.scandir(path)
        except OSError as error:  # Such as one that may not be read.
            if not folder:
                raise
            yield folder, path, functools.partial(_fail, error)
            continue
        with entries:
            if (status.st_dev, status.st_ino) in entered:
                continue
            entered.add((status.st_dev, status.st_ino))
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                name = f"{folder}/{entry.name}" if folder else entry.name
                if not _is_folder(entry):
                    yield name, entry.path, entry.stat
                elif entry.is_symlink():
                    linked.append(name)
                else:
                    real.append(name)
        linked.sort(reverse=True)


def _fail(error: OSError):
    raise error


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # A link to itself.
        return False


def _find_fault(path: str, status: os.stat_result) -> str:
    """Says why a file can't be a picture, or ''."""
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    if not status.st_size:
        return "an empty file"
    with open(path, "rb") as file:
        start = file.read(_LONGEST_SIGNATURE)
    return "" if start.startswith(_SIGNATURES) else "not a picture"
