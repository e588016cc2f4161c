"""Tells which arrays of a file are images, their classes and these' names."""

import dataclasses
import logging
import re
from collections.abc import Mapping

import numpy as np

from dcgan_tf.data.split_folders import SPLITS

_log = logging.getLogger(__name__)

_CHANNELS = (1, 3, 4)
# As in Keras's mnist.npz: `x_train`, `y_train`, `x_test` and `y_test`.
_SPLIT = re.compile(rf"(?:^|_)({'|'.join(SPLITS)})(?=_|$)", re.I)
_LABELS = re.compile(r"(?:^|_)(?:y|labels?|class(?:es)?|targets?)(?=_|$)", re.I)
_ONE_A_SPLIT = "or one a split, such as x_train and x_test"


@dataclasses.dataclass(frozen=True)
class Group:
    """The images of one split.

    Attributes:
        images: Numbers `(count, height, width[, channels])`.
        labels: Integers `(count,)` or `(count, 1)`; None without classes, or
            where some are none of those to train on.
        unknown_class: One of these; '' without.
    """

    images: np.ndarray
    labels: np.ndarray | None
    unknown_class: str = ""


# By split; "" is the one group of a file without splits.
Groups = dict[str, Group]
_Arrays = dict[str, np.ndarray]
_Labels = dict[str, np.ndarray | None]


def group_arrays(
    path: str, arrays: Mapping[str, np.ndarray]
) -> tuple[Groups, list[str] | None]:
    """Sorts a file's arrays into splits, and in each into images and classes.

    Classes are whole numbers of any dtype, texts, or one of several columns
    that is 1 (one-hot), one for each image. Other texts name them, by number
    from 0. Without such names the numbers that are there are the classes: of
    a file with splits those of `train`.

    Args:
        path: The file's, for messages.
        arrays: Its arrays by name.

    Returns:
        Images and labels by split, and the classes' names; None without.

    Raises:
        ValueError: If there are no images, several arrays of them in one
            split, or it isn't clear which array has the classes.
    """
    by_split = _sort_by_split(path, arrays)
    images = {split: _take_images(path, by_split[split]) for split in by_split}
    labels, texts, unknown = {}, set(), {}
    # The largest first: each class may be once in the smallest.
    for split in sorted(images, key=lambda split: -len(images[split])):
        found = _take_labels(path, by_split[split], len(images[split]), texts)
        labels[split] = found
        if found is not None and found.dtype.kind == "U":
            texts.update(found.tolist())
    if texts:
        _check_texts(path, labels)
        labels, names, unknown = _number(labels)
    else:
        names = _find_names(arrays, images, labels)
        if names is None and any(own is not None for own in labels.values()):
            labels, names, unknown = _number(labels)
    groups = {
        split: Group(images[split], labels[split], unknown.get(split, ""))
        for split in images
    }
    return groups, names


def _sort_by_split(
    path: str, arrays: Mapping[str, np.ndarray]
) -> dict[str, _Arrays]:
    """Returns the arrays of each split; of one for all where there is one."""
    arrays = {name: _to_text(array) for name, array in arrays.items()}
    images = [name for name, array in arrays.items() if _is_images(array)]
    if len(images) < 2:
        return {"": arrays}
    by_split: dict[str, _Arrays] = {}
    for name, array in arrays.items():
        match = _SPLIT.search(name)
        split = SPLITS[match[1].lower()] if match else ""
        by_split.setdefault(split, {})[name] = array
    shared = by_split.get("", {})
    if len(by_split) > 1 and not any(map(_is_images, shared.values())):
        by_split.pop("", None)
    elif len(by_split) > 1:
        raise _refuse(path, arrays, "one array of images")
    return by_split


def _to_text(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind != "S":
        return array
    return np.char.decode(array, "utf-8", "replace")


def _is_images(array: np.ndarray) -> bool:
    return array.ndim in (3, 4) and array.shape[1:] != (1,)


def _take_images(path: str, arrays: _Arrays) -> np.ndarray:
    found = [array for array in arrays.values() if _is_images(array)]
    if len(found) != 1:
        wanted = "one array (count, height, width, channels) of images"
        raise _refuse(path, arrays, wanted)
    _check_images(path, found[0])
    return found[0]


def _check_images(path: str, images: np.ndarray) -> None:
    shape = images.shape
    is_number = images.dtype.kind in "buif"
    # Three axes that end in channels are a single image's.
    is_one = len(shape) == 3 and shape[-1] in _CHANNELS
    channels = shape[3] if len(shape) == 4 else 1
    if not is_number or is_one or channels not in _CHANNELS or not images.size:
        advice = ""
        if is_one:
            advice = "; of a single image, images[None]"
        elif len(shape) == 4 and shape[1] in _CHANNELS:
            advice = "; from channels first, images.transpose(0, 2, 3, 1)"
        raise ValueError(
            f"file of arrays {path}: images are {images.dtype} of shape "
            f"{shape}; give numbers (count, height, width, channels) with 1 "
            "(grey), 3 (RGB) or 4 (RGBA) channels, or (count, height, width)"
            f"{advice}"
        )


def _take_labels(
    path: str, arrays: _Arrays, count: int, texts: set[str]
) -> np.ndarray | None:
    """Finds the array of classes: integers, or else what stands for them."""
    columns = {n: a for n, a in arrays.items() if _is_integers(a)}
    fitting = {n: a for n, a in columns.items() if len(a) == count}
    # Of another length, classes are a mistake, and others of no concern.
    named = {n: a for n, a in columns.items() if _LABELS.search(n)}
    integers = fitting or named
    if len(integers) > 1:
        wanted = "one array of whole numbers, a class for each image"
        raise _refuse(path, arrays, wanted)
    if integers:
        return next(iter(integers.values()))
    others = {
        name: array
        for name, array in arrays.items()
        if array.ndim in (1, 2) and len(array) == count
    }
    found = [_read_labels(array, texts) for array in others.values()]
    found = [labels for labels in found if labels is not None]
    if len(found) == 1:
        return found[0]
    if others or columns:
        _log.warning(
            "%s: no classes are taken from %s; give whole numbers, a class "
            "for each image",
            path,
            _list(others | columns),
        )
    return None


def _is_integers(array: np.ndarray) -> bool:
    return array.dtype.kind in "iu" and _is_column(array)


def _is_column(array: np.ndarray) -> bool:
    return array.ndim == 1 or array.shape[1:] == (1,)


def _read_labels(array: np.ndarray, texts: set[str]) -> np.ndarray | None:
    """Reads what stands for integers or texts of classes; None if none do."""
    if not _is_column(array):
        is_one_hot = array.dtype.kind in "buif" and (
            np.isin(array, (0, 1)).all() and (array.sum(axis=1) == 1).all()
        )
        return array.argmax(axis=1) if is_one_hot else None
    array = array.reshape(-1)
    if array.dtype.kind == "U":
        # Of texts that are all different each names its image.
        different = {*array.tolist()}
        is_class = len(different) < len(array) or different <= texts
        return array if is_class else None
    if array.dtype.kind == "f":
        is_whole = np.isfinite(array).all() and (array == array.round()).all()
        return array.astype(np.int64) if is_whole else None
    return array.astype(np.int64) if array.dtype.kind == "b" else None


def _check_texts(path: str, labels: _Labels) -> None:
    kinds = {own.dtype.kind for own in labels.values() if own is not None}
    if kinds != {"U"}:
        raise ValueError(
            f"file of arrays {path}: classes are texts in one split and "
            "numbers in another; give the same in all"
        )


def _number(labels: _Labels) -> tuple[_Labels, list[str], dict[str, str]]:
    """Numbers the values to train on, in order and in all splits alike.

    Returns:
        The numbers, the classes' names, and of splits with another class
        this one's name.
    """
    found = {s: own.reshape(-1) for s, own in labels.items() if own is not None}
    trained_on = [found["train"]] if "train" in found else [*found.values()]
    values = np.unique(np.concatenate(trained_on))
    if values.dtype.kind != "U" and values.size and values[0] < 0:
        return labels, [], {}  # Refused, with the numbers that were given.
    numbered, unknown = dict(labels), {}
    for split, own in found.items():
        numbered[split] = np.searchsorted(values, own)
        others = np.setdiff1d(own, values)
        if others.size:
            numbered[split], unknown[split] = None, str(others[-1])
    return numbered, [str(value) for value in values], unknown


def _find_names(
    arrays: Mapping[str, np.ndarray], images: _Arrays, labels: _Labels
) -> list[str] | None:
    """Finds the classes' names in an array, the same for every split."""
    found = [own for own in labels.values() if own is not None]
    if not found or not all(own.size for own in found):
        return None
    # As many texts as images name these, such as by their files.
    num_classes = max(int(own.max()) for own in found) + 1
    counts = {len(own) for own in images.values()} - {num_classes}
    for array in map(_to_text, arrays.values()):
        is_text = array.dtype.kind == "U" and array.ndim == 1
        if is_text and len(array) not in counts:
            return array.tolist()
    return None


def _refuse(path: str, arrays: _Arrays, wanted: str) -> ValueError:
    return ValueError(
        f"file of arrays {path} holds {_list(arrays) or 'nothing'}; give it "
        f"{wanted}, {_ONE_A_SPLIT}"
    )


def _list(arrays: _Arrays) -> str:
    return ", ".join(
        f"{name or 'an array'} {array.dtype} {array.shape}"
        for name, array in arrays.items()
    )
