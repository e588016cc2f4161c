"""Finds images by what a table of labels calls them."""

import itertools
import os
from collections.abc import Iterator, Sequence

from dcgan_tf.data.text_files import normalize_name


class ImageLookup:
    """Finds an image by what a table calls it.

    Args:
        names: Of the collection's images.
        root: The collection's path.

    Attributes:
        ambiguous: What may mean several images and so means none, to two of
            these.
    """

    def __init__(self, names: Sequence[str], root: str):
        # Names, and their ends, with and without suffixes: the more a key
        # says, the earlier it counts.
        self._indexes: list[dict[str, str | None]] = [{}, {}, {}, {}]
        self._root = normalize_name(root).split("/")
        self._names = names
        self.ambiguous: dict[str, str] = {}
        for name in names:
            ends = [*_list_ends(normalize_name(name))]
            stems = [os.path.splitext(end)[0] for end in ends]
            keys = (ends[:1], stems[:1], ends, stems)
            for index, own in zip(self._indexes, keys, strict=True):
                for key in own:
                    index[key] = name if key not in index else None

    def find(self, written: str) -> str | None:
        """Returns the image's name; None if it is none's, or several'."""
        return self.find_with_rest(written)[0]

    def find_with_rest(self, written: str) -> tuple[str | None, int]:
        """Returns also how many folders it is said to be in and isn't.

        Where the collection is `pets/train`, `test/1.png` is `1.png` too, but
        not as much as `train/1.png` is.
        """
        for text in dict.fromkeys((written, reread(written))):
            path = text.replace("\\", "/").removeprefix("./").lstrip("/")
            path = normalize_name(path)
            for end in _list_ends(path):
                for index in self._indexes:
                    if index.get(end) is not None:
                        outer = path.removesuffix(end).rstrip("/")
                        return index[end], self._count_others(outer)
                    if end in index:
                        self.ambiguous.setdefault(written, end)
        return None, 0

    def _count_others(self, outer: str) -> int:
        """Counts outer folders that aren't those around the collection."""
        parts = outer.split("/") if outer else []
        pairs = zip(reversed(parts), reversed(self._root), strict=False)
        same = [*itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)]
        return len(parts) - len(same)


def _list_ends(path: str) -> Iterator[str]:
    """Yields a path, then it without its outer folders, one by one."""
    yield path
    while "/" in path:
        path = path.partition("/")[2]
        yield path


def reread(text: str) -> str:
    """Reads a cell that isn't UTF-8 as Windows' programs write it."""
    if text.isascii() or not any("\udc80" <= c <= "\udcff" for c in text):
        return text
    return os.fsencode(text).decode("cp1252", "replace")
