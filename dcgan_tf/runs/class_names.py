"""The names of a conditional run's classes, and labels by name."""

import difflib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dcgan_tf.data.labels.class_labels import as_label_array
from dcgan_tf.runs.folder import CONFIG_FILE, load_run_record

# In config.json, of conditional runs; those of version 0.1.0 have none.
CLASSES_KEY = "classes"
# In config.json, where images have labels that a name doesn't tell.
LABELS_KEY = "labels_digest"
_NUM_NAMED = 10


def load_class_names(run_dir: str | os.PathLike) -> tuple[str, ...]:
    """Reads the names of a run's classes; empty where it has none.

    Raises:
        OSError: If it is no run.
        ValueError: If its record can't be read.
    """
    names = load_run_record(run_dir).get(CLASSES_KEY) or []
    if not isinstance(names, list) or not all(
        isinstance(name, str) for name in names
    ):
        raise ValueError(
            f"{os.fspath(Path(run_dir) / CONFIG_FILE)!r}: its {CLASSES_KEY!r} "
            f"are {names!r:.50}, not a list of names; restore it from a copy"
        )
    return tuple(names)


def find_label(
    label: str | int, class_names: Sequence[str], num_classes: int
) -> int:
    """Finds the class that a user means.

    Args:
        label: A class's name, in any case of letters, or else its number.
        class_names: In the order of their numbers; empty where the names
            aren't known.
        num_classes: How many there are.

    Returns:
        Its number.

    Raises:
        ValueError: If there is no such class.
    """
    text = str(label)
    by_name = {name.lower(): i for i, name in enumerate(class_names)}
    if isinstance(label, str) and text in class_names:
        return class_names.index(text)
    if isinstance(label, str) and text.lower() in by_name:
        return by_name[text.lower()]
    try:
        number = int(text)
    except ValueError:
        number = -1
    if 0 <= number < num_classes:
        return number
    wanted = f"use 0 to {num_classes - 1}"
    if class_names:
        near = difflib.get_close_matches(text, class_names, _NUM_NAMED)
        shown = near or class_names[:_NUM_NAMED]
        more = ", ..." if len(shown) < len(class_names) else ""
        wanted += f", or a name: {', '.join(shown)}{more}"
    raise ValueError(f"{label}: {wanted}")


def find_labels(
    labels: int | str | Sequence[int | str] | np.ndarray,
    num: int,
    class_names: Sequence[str],
    num_classes: int,
) -> np.ndarray:
    """Finds the classes that a program means, for so many images.

    Args:
        labels: A class for all, or `num` of them, by name or number.
        num: How many images they are for.
        class_names: As for `find_label`.
        num_classes: How many there are; 0 of an unconditional run.

    Returns:
        int32 scalar or `(num,)`.

    Raises:
        ValueError: If they are of another type or shape, there is no such
            class, or the run is unconditional.
    """
    if not num_classes:
        raise ValueError(
            "labels are given and the run is unconditional; leave them "
            "out, or train with conditional=True"
        )
    labels = as_label_array(labels, "one class, or one for each image")
    if labels.dtype == object:  # As pandas has texts.
        labels = np.asarray(labels.tolist())
    if labels.dtype.kind == "U" and labels.shape in ((), (num,)):
        numbers = [
            find_label(str(label), class_names, num_classes)
            for label in labels.ravel()
        ]
        labels = np.reshape(numbers, labels.shape)
    if labels.dtype.kind not in "iu" or labels.shape not in ((), (num,)):
        raise ValueError(
            f"labels are {labels.dtype} of shape {labels.shape}; give one "
            f"integer class, or {num} of them"
        )
    if labels.min() < 0 or labels.max() >= num_classes:
        raise ValueError(
            f"labels are from {labels.min()} to {labels.max()}; the run's "
            f"classes are 0 to {num_classes - 1}"
        )
    return labels.astype(np.int32)
