"""A folder of pictures of any kind and size, nested or flat, as a source."""

import dataclasses
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from dcgan_tf.config import DataConfig
from dcgan_tf.data.decoding import UnreadableError, decode_file
from dcgan_tf.data.preprocess import parse_colour
from dcgan_tf.data.skipped import Skipped
from dcgan_tf.data.sources import Source, check_excluded

# Smaller collections have none to spare.
_LEAST_TO_HOLD_OUT = 1_000
_HELD_OUT_EVERY = 20
_SPLITS = ("train", "test", "all")

# Pictures tried before anything is made of a collection.
_NUM_PROBED = 32

_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"RIFF")
_LONGEST_SIGNATURE = max(len(signature) for signature in _SIGNATURES)


@dataclasses.dataclass(frozen=True)
class _File:
    """A file found: its name under the folder and what changes with it."""

    name: str
    size: int
    modified: int
    digest: bytes

    @property
    def is_held_out(self) -> bool:
        return int.from_bytes(self.digest[:8], "big") % _HELD_OUT_EVERY == 0


def load_folder(
    data: DataConfig, split: str | None, excluded: frozenset[str] = frozenset()
) -> Source:
    """Lists a folder's pictures; decodes none of them yet.

    The order is by a hash of the names, so that any few in a row are a fair
    sample. Splits are `train`, `test` and `all`: of 1,000 pictures or more,
    the one in 20 whose hash says so are held out as `test`; they stay the
    same when pictures are added. Where every picture lies in one of several
    subfolders, those are its classes. Names that begin with a dot are
    ignored.

    Args:
        data: `image_dir`, `split` and `background` are used.
        split: As for `load_source`.
        excluded: Names relative to the folder to leave out.

    Returns:
        The source. A picture that turns out unreadable when decoded is
        replaced by the next one that isn't.

    Raises:
        FileNotFoundError: If the folder doesn't exist.
        ValueError: If it holds no picture, over half of its files are none,
            or the split is unknown or empty.
    """
    root = Path(data.image_dir)
    if not root.is_dir():
        raise FileNotFoundError(f"image folder {root} is not a folder")
    parse_colour(data.background)  # A bad one fails here, not in a thread.
    skipped = Skipped(collection=str(root))
    found = list(_list_files(root, skipped))
    skipped.num_files = len(found) + len(skipped)
    if not found:
        raise ValueError(
            f"image folder {root} holds no picture ({len(skipped)} other "
            "files); JPEG, PNG, GIF, BMP and WebP can be read"
        )
    skipped.check()
    kept = [file for file in found if file.name not in excluded]
    check_excluded(excluded, len(found) - len(kept), str(root))
    split = _choose_split(data, split)
    files = sorted(_take_split(kept, split, root), key=lambda file: file.digest)
    classes = _find_classes(kept)
    pictures = _Pictures(root, files, classes, data.background, skipped)
    pictures.probe()
    return Source(
        name=str(root),
        split=split,
        num_examples=len(files),
        fingerprint=_fingerprint(files, data.background),
        read_all=lambda: pictures.read(tf.data.Dataset.range(len(files))),
        read=pictures.read,
        name_of=lambda position: files[position].name,
        label_names=classes,
        skipped=skipped,
    )


class _Pictures:
    """Reads pictures by position, each worker thread on its own."""

    def __init__(
        self,
        root: Path,
        files: list[_File],
        classes: tuple[str, ...],
        background: str,
        skipped: Skipped,
    ):
        self._root = root
        self._names = [file.name for file in files]
        self._class_indices = {name: i for i, name in enumerate(classes)}
        self._background = background
        self._skipped = skipped

    def probe(self) -> None:
        """Tries a few, so that a broken collection fails before training."""
        names = self._names[:_NUM_PROBED]
        num_broken = 0
        for name in names:
            try:
                decode_file(self._root / name, self._background)
            except UnreadableError as error:
                self._skipped.add(name, str(error))
                num_broken += 1
        self._skipped.check(num_broken * (len(self._names) / len(names) - 1))

    def read(self, positions: tf.data.Dataset) -> tf.data.Dataset:
        """Decodes the pictures at these positions, in this order."""

        def decode_in_graph(position):
            image, label = tf.numpy_function(
                self._decode, [position], (tf.uint8, tf.int32), stateful=False
            )
            image.set_shape((None, None, 3))
            label.set_shape(())
            return image, label

        return positions.map(
            decode_in_graph, num_parallel_calls=tf.data.AUTOTUNE
        )

    def _decode(self, position: int) -> tuple[np.ndarray, np.int32]:
        """Decodes one picture, or the next one that is readable.

        A stand-in keeps every position in use, so that the order of
        training doesn't depend on when a broken file is noticed.
        """
        for offset in range(len(self._names)):
            name = self._names[(position + offset) % len(self._names)]
            if name in self._skipped.reasons:
                continue
            try:
                image = decode_file(self._root / name, self._background)
            except UnreadableError as error:
                self._skipped.add(name, str(error))
                self._skipped.check()
                continue
            return image, np.int32(self._get_label(name))
        self._skipped.check()
        raise ValueError(f"no picture in {self._root} can be read")

    def _get_label(self, name: str) -> int:
        return self._class_indices.get(_get_top_folder(name), -1)


def _list_files(root: Path, skipped: Skipped) -> Iterator[_File]:
    """Walks a tree, links too, entering each real folder once."""
    entered = set()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in entered:
            continue
        entered.add((status.st_dev, status.st_ino))
        for entry in sorted(os.scandir(folder), key=lambda e: e.name):
            if entry.name.startswith("."):
                continue
            try:
                if entry.is_dir():
                    waiting.append(Path(entry.path))
                    continue
                name = Path(entry.path).relative_to(root).as_posix()
                status = entry.stat()
                reason = _find_fault(entry.path, status)
            except OSError as error:
                reason = error.strerror or str(error)
            if reason:
                skipped.add(name, reason)
                continue
            yield _File(
                name,
                status.st_size,
                status.st_mtime_ns,
                hashlib.sha256(os.fsencode(name)).digest(),
            )


def _find_fault(path: str, status: os.stat_result) -> str:
    """Says why a file can't be a picture, from its first bytes, or ''."""
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    if not status.st_size:
        return "an empty file"
    with open(path, "rb") as file:
        start = file.read(_LONGEST_SIGNATURE)
    return "" if start.startswith(_SIGNATURES) else "not a picture"


def _choose_split(data: DataConfig, split: str | None) -> str:
    if split in (None, "train"):
        split = data.split or "train"
    if split not in _SPLITS:
        raise ValueError(
            f"an image folder has no split {split!r}; it has "
            f"{', '.join(_SPLITS)}"
        )
    return split


def _take_split(files: list[_File], split: str, root: Path) -> list[_File]:
    if split == "all" or (split == "train" and not _can_hold_out(files)):
        return files
    if not _can_hold_out(files):
        raise ValueError(
            f"image folder {root} holds {len(files)} pictures, and none are "
            f"held out as 'test' of fewer than {_LEAST_TO_HOLD_OUT:,}"
        )
    return [file for file in files if file.is_held_out == (split == "test")]


def _can_hold_out(files: list[_File]) -> bool:
    return len(files) >= _LEAST_TO_HOLD_OUT


def _find_classes(files: list[_File]) -> tuple[str, ...]:
    """Names the top-level subfolders, if every picture is in one of two up."""
    folders = {_get_top_folder(file.name) for file in files}
    if "" in folders or len(folders) < 2:
        return ()
    return tuple(sorted(folders))


def _get_top_folder(name: str) -> str:
    top, separator, _ = name.partition("/")
    return top if separator else ""


def _fingerprint(files: list[_File], background: str) -> str:
    digest = hashlib.sha256(background.encode())
    for file in files:
        digest.update(file.digest)
        digest.update(f"{file.size} {file.modified}\n".encode())
    return digest.hexdigest()
