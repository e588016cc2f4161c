"""Folders sorted into `train` and `test` (or `val`), as splits of one dataset.

The usual layout is `train/CLASS/image`, `test/CLASS/image`; without
classes images lie in `train` and `test` themselves.
"""

from collections.abc import Sequence

_TRAIN = "train"
# Evaluation takes the first of these that is there.
_HELD_OUT = ("test", "val", "valid", "validation")
_VALIDATION = _HELD_OUT[1:]


def find_splits(names: Sequence[str]) -> dict[str, list[str]]:
    """Sorts names into splits by their top folders.

    Args:
        names: Of images, relative to the folder.

    Returns:
        The names of each split, in lower case; empty unless every image
        lies in `train` or in a folder of held-out ones, and both are there.
    """
    splits: dict[str, list[str]] = {}
    for name in names:
        top, slash, _ = name.partition("/")
        split = top.lower()
        if not slash or split not in (_TRAIN, *_HELD_OUT):
            return {}
        splits.setdefault(split, []).append(name)
    return splits if _TRAIN in splits and len(splits) > 1 else {}


def choose_split(splits: dict[str, list[str]], wanted: str) -> str:
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


def remove_split(name: str) -> str:
    """Returns an image's name inside its split's folder."""
    return name.partition("/")[2]
