"""Classes of images that a program holds, and these classes' names."""

import collections
import functools
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any, NamedTuple

import numpy as np

from dcgan_tf.data.fingerprint import digest_labels

_log = logging.getLogger(__name__)

# Collections with more have more images than classes.
_MOST_CLASSES = 100_000


def as_label_array(labels: Any, wanted: str) -> np.ndarray:
    """Makes an array of labels.

    Args:
        labels: Anything that NumPy takes.
        wanted: What would do where it doesn't.

    Raises:
        ValueError: If they are lists of several lengths.
    """
    try:
        return np.asarray(labels)
    except ValueError:
        raise ValueError(
            f"labels are lists of several lengths; give {wanted}"
        ) from None


def check_label_names(names: Any) -> tuple[str, ...]:
    """Returns names of classes, from a list, a tuple or an array.

    Raises:
        ValueError: If they are in no order, such as a set's, or aren't
            texts, each another one.
    """
    is_listed = isinstance(names, Sequence) or hasattr(names, "__array__")
    if not is_listed or isinstance(names, str | bytes | Mapping | Set):
        raise ValueError(
            f"label_names are a {type(names).__name__}; give a list of texts, "
            "in the order of the classes' numbers"
        )
    found = tuple(names)
    for name in found:
        if not isinstance(name, str) or not name.strip():
            raise ValueError(
                f"label_names hold {name!r}; give a text for each class"
            )
    if len(set(found)) < len(found):
        name = collections.Counter(found).most_common(1)[0][0]
        raise ValueError(
            f"label_names hold {name!r} twice; give each class its own"
        )
    return tuple(map(str, found))  # NumPy's texts are Python's by this.


class ClassLabels(NamedTuple):
    """Classes of images, as a `Source` has them.

    Attributes:
        numbers: int `(count,)`, -1 where there are none.
        names: Of the classes; empty without.
        digest: Tells which image has which class; '' without.
    """

    numbers: np.ndarray
    names: tuple[str, ...] = ()
    digest: Callable[[], str] = str


def number_classes(
    labels: Any,
    count: int,
    names: Sequence[str] | None,
    hash_images: Callable[[], Iterable[int]],
) -> ClassLabels:
    """Takes labels for images' classes, or says that there are none.

    Args:
        labels: As for `check_labels`, or lists of them; None for none.
        count: Of the images.
        names: As for `check_labels`.
        hash_images: Gives `hash_image` of each image, in the labels' order.

    Raises:
        ValueError: If they are no classes of so many images.
    """
    if labels is None:
        return ClassLabels(np.full(count, -1))
    labels = as_label_array(labels, "one integer class for each image")
    numbers, names = check_labels(labels, count, names)
    return ClassLabels(
        numbers,
        names,
        functools.cache(lambda: digest_labels(hash_images(), numbers)),
    )


def check_labels(
    labels: np.ndarray, count: int, names: Sequence[str] | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Refuses what are no classes of so many images.

    Args:
        labels: To check.
        count: Of the images.
        names: Of the classes; None for their numbers.

    Returns:
        Integers `(count,)`, and the classes' names.

    Raises:
        ValueError: If dtype, shape or range are others.
    """
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]  # As Keras's CIFAR-10 has them.
    if labels.shape != (count,) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels are {labels.dtype} of shape {labels.shape}; give an "
            f"integer class for each of the {count} images, ({count},)"
        )
    low, high = int(labels.min()), int(labels.max())
    if names is None and high >= max(_MOST_CLASSES, count):
        raise ValueError(
            f"labels are from {low} to {high} for {count} images; number the "
            "classes from 0 without gaps: np.unique(labels, "
            "return_inverse=True)[1]"
        )
    if names is None:
        names = [str(number) for number in range(high + 1)]
    if low < 0 or high >= len(names):
        upper = f"to {len(names) - 1}" if names else "on"
        raise ValueError(
            f"labels are from {low} to {high}; classes are numbered from 0 "
            f"{upper}"
        )
    return labels, tuple(names)


def warn_of_gaps(
    numbers: Iterable[int | None], label_names: Sequence[str], advice: str = ""
) -> None:
    """Names classes that a conditional run would learn from nothing.

    Args:
        numbers: Of the classes of the images to train on.
        label_names: Of all classes.
        advice: What to do, if anything.
    """
    there = set(numbers)
    gaps = [n for number, n in enumerate(label_names) if number not in there]
    if gaps:
        _log.warning(
            "%d of the %d classes, such as %s, have no images to train on%s",
            len(gaps),
            len(label_names),
            gaps[0],
            f"; {advice}" if advice else "",
        )
