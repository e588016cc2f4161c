"""Reads and decodes the images of a tree of files."""

from typing import Any

import numpy as np
import tensorflow as tf

from dcgan_tf.data.files.archives import Archive
from dcgan_tf.data.files.decoding import (
    LostError,
    UnreadableError,
    decode_file,
    decode_levels,
    keeps_upper_byte,
)
from dcgan_tf.data.files.folder_tree import FolderTree
from dcgan_tf.data.files.level_range import LevelRange, measure_level_range
from dcgan_tf.data.files.listing import Listing
from dcgan_tf.data.labels.assignment import Labels
from dcgan_tf.data.name_order import hash_name
from dcgan_tf.data.skipped import Skipped

# Images tried before anything is made of a collection.
_NUM_PROBED = 32
# Images of more than 8 bits whose common range is that of all.
_NUM_MEASURED = 1_000


def measure_collection(
    tree: FolderTree | Archive, listing: Listing, skipped: Skipped
) -> LevelRange | None:
    """Measures the range of a whole collection, whatever the split.

    Args:
        tree: Its files.
        listing: Its images, of which up to 1,000 are decoded.
        skipped: Gets the names of those whose lower bits can't be had.

    Returns:
        The range of those of more than 8 bits; None without such.
    """

    def decode():
        num_decoded = 0
        for name in sorted(listing.deep, key=hash_name):
            file_name, page = listing.pages.get(name, (name, 0))
            try:
                with tree.open(file_name) as file:
                    levels = decode_levels(file, page)
                    file.seek(0)
                    if levels is None and keeps_upper_byte(file, page):
                        skipped.cut_to_upper_byte.append(name)
            except (OSError, UnreadableError):
                continue  # Found, named and counted when it is read.
            if levels is not None:
                num_decoded += 1
                yield levels
            if num_decoded == _NUM_MEASURED:
                return

    return measure_level_range(decode())


class ImageFiles:
    """Reads images by position, each worker thread on its own.

    Args:
        tree: Their files.
        names: Of the images, in the order of their positions.
        pages: Of a `Listing`.
        labels: Of the images; -1 where they have none.
        skipped: Gets what can't be read.
        **decoding: Arguments of `decode_file`.
    """

    def __init__(
        self,
        tree: FolderTree | Archive,
        names: list[str],
        pages: dict[str, tuple[str, int]],
        labels: Labels,
        skipped: Skipped,
        **decoding: Any,
    ):
        self._tree = tree
        self._names = names
        self._pages = pages
        self._labels = labels
        self._skipped = skipped
        self._decoding = decoding

    def probe(self) -> None:
        """Tries a few, so that a broken collection fails before training."""
        names = self._names[:_NUM_PROBED]
        num_broken = sum(self._decode(name) is None for name in names)
        self._skipped.check(num_broken * (len(self._names) / len(names) - 1))

    def read(self, positions: tf.data.Dataset) -> tf.data.Dataset:
        """Decodes the images at these positions, in this order."""

        @tf.autograph.experimental.do_not_convert
        def read_in_graph(position):
            image, label = tf.numpy_function(
                self._read, [position], (tf.uint8, tf.int32), stateful=False
            )
            has_alpha = self._decoding.get("alpha", False)
            image.set_shape((None, None, 4 if has_alpha else 3))
            num_attributes = len(self._labels.attribute_names)
            label.set_shape((num_attributes,) if num_attributes else ())
            return image, label

        return positions.map(read_in_graph, num_parallel_calls=tf.data.AUTOTUNE)

    def _read(self, position: int) -> tuple[np.ndarray, np.int32]:
        """Reads one image, or the next one that is readable.

        A stand-in keeps every position in use, so that the order of
        training doesn't depend on when a broken file is noticed.
        """
        for offset in range(len(self._names)):
            name = self._names[(position + offset) % len(self._names)]
            image = self._decode(name)
            if image is not None:
                return image, np.int32(self._labels.by_name.get(name, -1))
        raise ValueError(f"no image in {self._tree.path} can be read")

    def _decode(self, name: str) -> np.ndarray | None:
        if name in self._skipped.reasons:
            return None
        file_name, page = self._pages.get(name, (name, 0))
        try:
            return self._decode_page(file_name, page)
        except UnreadableError as error:
            is_lost = isinstance(error, LostError)
            if is_lost and not self._tree.is_there():
                self._skipped.is_collection_lost = True
            self._skipped.add(name, str(error), is_lost)
            self._skipped.check()
            return None

    def _decode_page(self, file_name: str, page: int) -> np.ndarray:
        try:
            file = self._tree.open(file_name)
        except OSError as error:
            raise LostError(error.strerror or str(error)) from None
        with file:
            return decode_file(file, page=page, **self._decoding)
