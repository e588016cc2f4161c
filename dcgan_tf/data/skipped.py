"""Files of a collection that can't be used, counted by reason."""

import collections
import logging
import os
import threading

from dcgan_tf.data.files.file_formats import READABLE
from dcgan_tf.data.files.hidden_files import count_hidden

_log = logging.getLogger(__name__)

_NUM_NAMED_IN_ERROR = 3
# A line each for the first few; then one whenever there are ten times more.
_NUM_NAMED_IN_LOG = 10
_NUM_REASONS = 5


class ImagesLostError(OSError):
    """Images that were there when they were listed can't be had now."""


class Skipped:
    """The files left out of a collection, and why.

    Safe to add to from several threads, as decoding does.

    Attributes:
        reasons: Names to reasons, in the order they were found.
        num_files: Files in the collection, usable or not.
        num_lost: Of those in `reasons`, how many were there at first.
        is_collection_lost: Whether the folder itself is no longer there.
        own_output: Names of what this program made, left out of the
            collection and of the counts.
        beside: Names of files that lie beside the images and don't pretend
            to be any, such as captions and tables; not counted either.
        hidden: Names of files and folders that nobody means, such as the
            thumbnails that a system keeps; not counted either.
        cut_to_upper_byte: Names of images that are used, but of whose bits
            a level those beyond 8 can't be had.
        are_all_cut: Whether this is so of every image of the collection.
    """

    def __init__(self, num_files: int = 0, collection: str = ""):
        self.reasons: dict[str, str] = {}
        self.num_files = num_files
        self.num_lost = 0
        self.is_collection_lost = False
        self.own_output: tuple[str, ...] = ()
        self.beside: list[str] = []
        self.hidden: list[str] = []
        self.cut_to_upper_byte: list[str] = []
        self.are_all_cut = False
        self._collection = collection
        self._split: tuple[str, int, int] | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.reasons)

    def begin_split(self, split: str, num_files: int) -> None:
        """Says that from now on files of one split alone are read.

        Args:
            split: Its name.
            num_files: Its files, of those that aren't skipped yet.
        """
        self._split = (split, num_files, len(self.reasons))

    def add(self, name: str, reason: str, is_lost: bool = False) -> None:
        """Counts a file, the first time only; the log names the first few.

        Args:
            name: The file's.
            reason: Why it can't be used.
            is_lost: Whether it was there and the file system no longer
                gives it.
        """
        with self._lock:
            if name in self.reasons:
                return
            self.reasons[name] = reason
            self.num_lost += is_lost
            count = len(self.reasons)
        if count <= _NUM_NAMED_IN_LOG:
            _log.warning("skipped %s: %s", name, reason)
        elif count == _NUM_NAMED_IN_LOG + 1:
            _log.warning("more files are skipped; they are counted")
        elif str(count).strip("0") == "1":
            _log.warning("skipped %s files so far", f"{count:,}")

    def summarize(self) -> str:
        """Counts the files by reason: `3 an empty file, 1 not an image`."""
        with self._lock:
            counts = collections.Counter(self.reasons.values())
        return _join_counts(counts, "reasons")

    def summarize_beside(self) -> str:
        """Counts the files beside the images by suffix: `3 .txt, 1 .json`."""
        suffixes = (os.path.splitext(name)[1] for name in self.beside)
        counts = collections.Counter(
            suffix.lower() or "without a suffix" for suffix in suffixes
        )
        return _join_counts(counts, "kinds")

    def summarize_hidden(self) -> str:
        """Counts what is hidden by name: `3 .DS_Store, 1 @eaDir`."""
        return _join_counts(count_hidden(self.hidden), "names")

    def describe_cut(self) -> str:
        """Says what is read by its upper 8 bits alone; '' if nothing is."""
        if self.are_all_cut:
            return "of their 16 bits a level the upper 8 are kept"
        if not (cut := self.cut_to_upper_byte):
            return ""
        return (
            f"of {len(cut):,} of more than 8 bits a level (such as {cut[0]}) "
            "the upper 8 are kept, as of colour in all formats but PNG"
        )

    def check(self, num_expected: float = 0) -> None:
        """Stops when over half of a collection or split can't be used.

        Or when the collection is gone.

        Args:
            num_expected: Unusable files that a sample makes likely beyond
                those found.

        Raises:
            ImagesLostError: If most of these were there at first, or the
                whole collection was.
            ValueError: Otherwise. Both name the first few, with reasons.
        """
        if self.is_collection_lost:
            raise ImagesLostError(
                f"image folder {self._collection} is gone; was it moved, or is "
                "a drive no longer connected?"
            )
        with self._lock:
            found = list(self.reasons.items())
        num_files, where = self.num_files, f"in {self._collection}"
        if 2 * (len(found) + num_expected) <= num_files:
            if self._split is None:
                return
            split, num_files, num_before = self._split
            found = found[num_before:]
            if 2 * (len(found) + num_expected) <= num_files:
                return
            where = f"of {split!r} in {self._collection}"
        examples = "; ".join(
            f"{name}: {reason}" for name, reason in found[:_NUM_NAMED_IN_ERROR]
        )
        if 2 * self.num_lost > len(found):
            raise ImagesLostError(
                f"over half of the {num_files} images {where} are gone "
                f"({self.num_lost} found missing so far: {examples}); were "
                "they moved, or is a drive no longer connected?"
            )
        raise ValueError(
            f"over half of the {num_files} files {where} can't be read as "
            f"images ({len(found)} found so far: {examples}); give a folder of "
            f"{READABLE} files"
        )


def _join_counts(counts: collections.Counter[str], what: str) -> str:
    """Names the most common, and how many others there are."""
    parts = [
        f"{count} {name}" for name, count in counts.most_common(_NUM_REASONS)
    ]
    if len(counts) > len(parts):
        parts.append(f"{len(counts) - len(parts)} other {what}")
    return ", ".join(parts)
