"""Lists the image files of a folder tree, known by their first bytes."""

import dataclasses
import functools
import hashlib
import os
import stat
from collections.abc import Iterator

from dcgan_tf.data import fingerprint
from dcgan_tf.data.file_formats import START_BYTES, find_format_fault
from dcgan_tf.data.own_output import is_own_folder, read_mark
from dcgan_tf.data.skipped import Skipped

# Read at a file's middle, where images differ that share a header.
_MIDDLE_BYTES = 64


@dataclasses.dataclass(frozen=True)
class Listing:
    """The images of a folder tree.

    Attributes:
        names: Relative to the folder, with forward slashes.
        digest: Of all names, sizes and times of change, whatever their
            order.
        images_fingerprint: Of the images, whatever their names and times.
        own_folders: Names of run and export folders, which are not entered.
        own_images: Names of the images that this program made and that
            are left out, since there are others.
    """

    names: list[str]
    digest: str
    images_fingerprint: fingerprint.ImagesFingerprint
    own_folders: list[str]
    own_images: list[str]


def list_images(root: str | os.PathLike, skipped: Skipped) -> Listing:
    """Walks a tree, through links too, and entering each real folder once.

    Names that begin with a dot are ignored. Nothing but regular files is
    opened, so that a pipe can't block. What this program made is no input:
    run and export folders inside the tree are not entered, and its sheets,
    figures and samples are left out. Where a tree holds nothing else, the
    samples are its images, or else the sheets: a folder that is named is
    read.

    Args:
        root: The folder.
        skipped: Gets every other file that is no image.

    Returns:
        What may be images.
    """
    own_folders = []
    # By who made them; "" is anybody else.
    found: dict[str, dict[str, tuple[str, int]]] = {
        "": {},
        "sample": {},
        "sheet": {},
    }
    for name, path, find_status in _walk(os.fspath(root), own_folders):
        try:
            status = find_status()
            fault, mark, image_hash = _examine(path, status)
        except OSError as error:  # Such as a link to nowhere.
            fault, mark = error.strerror or str(error), ""
        if fault:
            skipped.add(name, fault)
        else:
            times = f"{status.st_size} {status.st_mtime_ns} "
            found[mark][name] = (times, image_hash)
    chosen = next((files for files in found.values() if files), {})
    digests = [
        hash_bytes(times.encode() + os.fsencode(name))
        for name, (times, _) in chosen.items()
    ]
    return Listing(
        names=list(chosen),
        digest=f"{sum(digests):x}",
        images_fingerprint=fingerprint.fingerprint_hashes(
            image_hash for _, image_hash in chosen.values()
        ),
        own_folders=sorted(own_folders),
        own_images=sorted(
            name
            for files in found.values()
            if files is not chosen
            for name in files
        ),
    )


def hash_bytes(contents: bytes) -> int:
    """Returns 256 bits that look random and never change."""
    return int.from_bytes(hashlib.sha256(contents).digest(), "big")


def _walk(root: str, own_folders: list[str]) -> Iterator[tuple]:
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
            visible = [e for e in entries if not e.name.startswith(".")]
        if folder and is_own_folder(path, {entry.name for entry in visible}):
            own_folders.append(folder)
            continue
        for entry in visible:
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


def _examine(path: str, status: os.stat_result) -> tuple[str, str, int]:
    """Says why a file can't be an image, or '', its mark, or '', its hash."""
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file", "", 0
    if not status.st_size:
        return "an empty file", "", 0
    with open(path, "rb") as file:
        start = file.read(START_BYTES)
        file.seek(status.st_size // 2)
        middle = file.read(_MIDDLE_BYTES)
    image_hash = fingerprint.hash_image(
        str(status.st_size).encode(), start, middle
    )
    return find_format_fault(start), read_mark(start), image_hash
