"""The disk cache's file: pixels, labels, a JSON footer and its length.

It appears whole or not at all, and is read by position through a handle that
stays open, so that another process may replace it meanwhile.
"""

import dataclasses
import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from dcgan_tf import failures, scratch
from dcgan_tf.config.json_text import read_json
from dcgan_tf.data.files.positioned_reads import read_at
from dcgan_tf.data.skipped import Skipped

_FOOTER_LENGTH_BYTES = 8
_LABEL_BYTES = 4
# Version 0.1.0 wrote `<name>.partial` files, which a killed process left.
_OLD_LEFTOVERS = "*.partial*"
_OLD_LEFTOVER_AGE_SECONDS = 24 * 3600


@dataclasses.dataclass(frozen=True)
class CacheFile:
    """An open file of prepared images.

    Attributes:
        file: Unbuffered, open for reading.
        footer: `description` of what the images were made of and with,
            `labels_shape`, and `skipped`: names of files to reasons.
    """

    file: BinaryIO
    footer: dict

    def gather(
        self, positions: np.ndarray, shape: tuple[int, ...]
    ) -> np.ndarray:
        """Reads images by position, without mapping the file to memory.

        Pages that are mapped count as the process's own memory.

        Args:
            positions: int64 `(count,)`.
            shape: An image's `(height, width, channels)`.

        Returns:
            uint8 `(count, height, width, channels)`.

        Raises:
            OSError: If the file can't be read.
        """
        images = np.empty((len(positions), *shape), np.uint8)
        num_bytes = int(np.prod(shape))
        for image, position in zip(images, positions, strict=True):
            contents = read_at(self.file, num_bytes, int(position) * num_bytes)
            image[:] = np.frombuffer(contents, np.uint8).reshape(shape)
        return images

    def read_labels(self, image_bytes: int) -> np.ndarray:
        """Reads all labels, int32; they lie behind the images."""
        shape = self.footer["labels_shape"]
        num_bytes = _LABEL_BYTES * int(np.prod(shape))
        contents = read_at(self.file, num_bytes, shape[0] * image_bytes)
        return np.frombuffer(contents, np.int32).reshape(shape)


def open_cache(path: Path) -> CacheFile | None:
    """Opens a file of `write_cache`; returns None if none is usable."""
    try:
        file = path.open("rb", buffering=0)
    except OSError:
        return None
    try:
        return CacheFile(file, _read_footer(file))
    except (OSError, ValueError):
        file.close()
        return None


def write_cache(
    path: Path,
    description: str,
    batches: Iterable[tuple[np.ndarray, np.ndarray]],
    skipped: Skipped,
) -> CacheFile:
    """Writes a cache file atomically and opens it.

    Args:
        path: The file; its folder is made.
        description: What the images are made of and with.
        batches: uint8 images and int32 labels.
        skipped: What is found unreadable meanwhile.

    Returns:
        The file that was written, whatever `path` is by now.

    Raises:
        OSError: If the disk is full or can't be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(path.parent)
    with scratch.tmp_dir(path.parent) as tmp_dir:
        tmp_path = tmp_dir / path.name
        # Unbuffered: closing has nothing left to write that could fail.
        with tmp_path.open("wb", buffering=0) as file:
            _write(
                lambda contents: _write_all(file, path, contents),
                description,
                batches,
                skipped,
            )
        cached = open_cache(tmp_path)
        os.replace(tmp_path, path)
    return cached


def _write(
    write: Callable[[bytes], None],
    description: str,
    batches,
    skipped: Skipped,
) -> None:
    labels = []
    for images, batch_labels in batches:
        write(images.tobytes())
        labels.append(batch_labels)
    labels = np.concatenate(labels)
    write(labels.tobytes())
    footer = {
        "description": description,
        "labels_shape": labels.shape,
        "skipped": skipped.reasons,
    }
    encoded = json.dumps(footer).encode()
    write(encoded)
    write(len(encoded).to_bytes(_FOOTER_LENGTH_BYTES, "little"))


def _write_all(file: BinaryIO, path: Path, contents: bytes) -> None:
    """Writes to an unbuffered file, which may take a part at a time.

    Errors name `path`, and are told from those of reading the images.
    """
    left = memoryview(contents)
    with failures.file_named(path):
        while left:
            left = left[file.write(left) :]


def _read_footer(file: BinaryIO) -> dict:
    end = os.fstat(file.fileno()).st_size - _FOOTER_LENGTH_BYTES
    if end < 0:
        raise ValueError(f"{file.name} is too short for a cache")
    length = int.from_bytes(read_at(file, _FOOTER_LENGTH_BYTES, end), "little")
    if length > end:
        raise ValueError(f"{file.name} is no cache")
    footer = read_json(read_at(file, length, end - length))
    if not isinstance(footer, dict) or "labels_shape" not in footer:
        raise ValueError(f"{file.name} is no cache")
    return footer


def _remove_leftovers(folder: Path) -> None:
    """Removes what killed processes left; it may be as large as a cache."""
    scratch.remove_leftovers(folder)
    for path in folder.glob(_OLD_LEFTOVERS):
        try:
            if time.time() - path.stat().st_mtime > _OLD_LEFTOVER_AGE_SECONDS:
                path.unlink()
        except OSError:  # Somebody else was faster.
            continue
