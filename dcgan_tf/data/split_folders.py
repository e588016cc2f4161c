"""Folders sorted into `train` and `test` (or `val`), as splits of one dataset.

The usual layout is `train/CLASS/image`, `test/CLASS/image`; without
classes images lie in `train` and `test` themselves. A folder around all of
these is passed over.
"""

import os
from collections.abc import Mapping, Sequence

_TRAIN = "train"
# Evaluation takes the first of these that is there.
_HELD_OUT = ("test", "val", "valid", "validation")
_VALIDATION = _HELD_OUT[1:]
# Of a collection without such folders.
_BY_RULE = (_TRAIN, "test")
# From what splits are called to their names.
SPLITS = {name: name for name in (_TRAIN, *_HELD_OUT)}
SPLITS |= {"training": _TRAIN, "testing": "test"}


def find_splits(names: Sequence[str], root: str = "") -> dict[str, list[str]]:
    """Sorts names into splits by their top folders.

    Args:
        names: Of images, relative to the folder.
        root: From `find_common_folder`, to pass over.

    Returns:
        The names of each split, in lower case; empty unless every image
        lies in `train` or in a folder of held-out ones, and both are there.
    """
    splits: dict[str, list[str]] = {}
    for name in names:
        split = _find_split(name, root)
        if split is None:
            return {}
        splits.setdefault(split, []).append(name)
    return splits if _TRAIN in splits and len(splits) > 1 else {}


def find_beside_splits(names: Sequence[str], root: str = "") -> str | None:
    """Finds an image that keeps folders from being splits.

    Args:
        names: Of images, relative to the folder.
        root: From `find_common_folder`, to pass over.

    Returns:
        The name of one that lies beside `train` and one of held-out images;
        None where there are no such folders, or nothing beside them.
    """
    found = {_find_split(name, root) for name in names}
    if _TRAIN not in found or not found.intersection(_HELD_OUT):
        return None
    return next((n for n in names if _find_split(n, root) is None), None)


def _find_split(name: str, root: str) -> str | None:
    top, slash, _ = name.removeprefix(root).partition("/")
    return SPLITS.get(top.lower()) if slash else None


def choose_split(splits: Mapping[str, object], wanted: str) -> str:
    """Returns the name of the folder that is meant.

    Args:
        splits: From `find_splits`, not empty.
        wanted: A folder's name; `test` may also be `val`, `valid` or
            `validation`, and these may stand for each other.
    """
    if wanted in splits:
        return wanted
    others = {"test": _HELD_OUT}
    others.update(dict.fromkeys(_VALIDATION, _VALIDATION))
    found = [name for name in others.get(wanted, ()) if name in splits]
    return found[0] if found else wanted


def resolve_split(
    splits: Mapping[str, object], wanted: str, collection: str
) -> str:
    """Returns the name that a collection has for a split, or `all`.

    Args:
        splits: Those that its folders or arrays are; empty where images are
            held out of it by a rule.
        wanted: As for `choose_split`.
        collection: What it is, for the message.

    Raises:
        ValueError: If it has no such split.
    """
    found = choose_split(splits, wanted) if splits else wanted
    available = (*(splits or _BY_RULE), "all")
    if found not in available:
        raise ValueError(
            f"{collection} has no split {found!r}; it has "
            f"{', '.join(available)}"
        )
    return found


def remove_split(name: str, root: str = "") -> str:
    """Returns an image's name inside its split's folder."""
    return name.removeprefix(root).partition("/")[2]


def find_common_folder(names: Sequence[str]) -> str:
    """Returns the folder that all names lie in, with its slash, or ''.

    Args:
        names: With forward slashes. Of `dogs/a.png` and `dogs/b.png` it is
            `dogs/`: one folder says nothing of classes.
    """
    folders = [name.rpartition("/")[0].split("/") for name in names]
    if not folders:
        return ""
    common = os.path.commonprefix(folders)
    parts = [part for part in common if part]
    return "/".join(parts) + "/" if parts else ""
