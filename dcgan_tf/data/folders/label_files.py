"""Finds the file of a table of labels, and reads it."""

import itertools
import os

from dcgan_tf.data.files.archives import Archive
from dcgan_tf.data.files.folder_tree import FolderTree
from dcgan_tf.data.labels.table import Table, read_table
from dcgan_tf.data.text_files import read_text_file


def load_table(
    path: str, tree: FolderTree | Archive, beside: list[str]
) -> Table:
    """Reads a table of labels where it is, or else among the images.

    Args:
        path: As it was given.
        tree: The collection.
        beside: Names of the files in it that are no images.

    Raises:
        OSError: If it isn't there, or can't be read.
        ValueError: If several files may be meant, or it is no table.
    """
    try:
        if os.path.exists(path):
            return read_table(path, read_text_file(path))
        name = _find_table(path, tree.path, beside)
        with tree.open(name) as file:
            return read_table(f"{tree.path}/{name}", file.read())
    except FileNotFoundError:
        raise FileNotFoundError(
            f"labels {path} are not there, nor is a file of that name in "
            f"{tree.path}"
        ) from None
    except OSError as error:
        raise OSError(
            f"labels {path} can't be read ({error.strerror}); name a table, "
            "as .csv, .txt or .json"
        ) from None


def _find_table(path: str, root: str, beside: list[str]) -> str:
    """Finds the file in a collection that a path may mean.

    That is the one whose path ends most as the given one does and, of
    several, the one that lies highest.
    """
    wanted = path.split("/")[::-1]

    def measure(name):
        parts = name.split("/")
        pairs = zip(wanted, parts[::-1], strict=False)
        num_equal = len([*itertools.takewhile(lambda p: p[0] == p[1], pairs)])
        return -num_equal, len(parts)

    found = [n for n in beside if n.rpartition("/")[2] == wanted[0]]
    if not found:
        # What lies among the images may be named as one, which says why not.
        return wanted[0]
    found.sort(key=lambda name: (*measure(name), name))
    if len(found) > 1 and measure(found[0]) == measure(found[1]):
        raise ValueError(
            f"labels {path} may be {found[0]} or {found[1]} in {root}; name "
            "the folder too"
        )
    return found[0]
