"""`Source`: decoded uint8 images by index, with labels and names."""

import dataclasses
import functools
import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from dcgan_tf.data.files.level_range import LevelRange
from dcgan_tf.data.fingerprint import (
    ImagesFingerprint,
    fingerprint_arrays,
)
from dcgan_tf.data.labels.assignment import name_classes
from dcgan_tf.data.skipped import Skipped


@dataclasses.dataclass(frozen=True)
class HeldOutRule:
    """Which images are held out, whatever is added or left out later.

    Attributes:
        hold_out: Of `config.HOLD_OUT`, but not by the number of images.
        also: Names of files held out besides.
    """

    hold_out: str
    also: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.hold_out, *self.also))


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
        name_of: A position's name, as lists of images to exclude have it.
        label_names: Of the classes; empty without labels.
        attribute_names: Of the attributes; empty where labels are classes.
        digest_labels: Tells which image has which label, wherever they lie,
            before a split or a list of names leaves some out; '' without
            labels, or where the dataset's name tells it.
        num_excluded: Images left out because a list named them.
        num_held_out: Images of a collection that are held out from `train`,
            where it is that split and they are known; 0 otherwise.
        held_out_rule: By which these were chosen, and will be of the same
            collection with other images; None where nothing chose.
        skipped: Files of the collection that could not be used.
        image_shape: `(height, width, channels)` where all images of an array
            have it; None for what differs or isn't known.
        fingerprint_images: Tells which images the collection holds, before
            a split or a list of names leaves some out; None where nothing
            does.
        level_range: By which levels of more than 8 bits became ones of 8;
            None where there are none such.
        of_arrays: Whether images come as arrays, whose classes may be numbers
            without names.
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
    digest_labels: Callable[[], str] = str
    num_excluded: int = 0
    num_held_out: int = 0
    held_out_rule: HeldOutRule | None = None
    image_shape: tuple[int | None, ...] = (None, None, None)
    skipped: Skipped = dataclasses.field(default_factory=Skipped)
    fingerprint_images: Callable[[], ImagesFingerprint] | None = None
    level_range: LevelRange | None = None
    of_arrays: bool = False
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

    def digest_names(self, count: int | None = None) -> str:
        """Tells which images it has in which order, by their names.

        Args:
            count: Of the first images alone, if there are more; None for all.
        """
        digest = hashlib.sha256()
        for position in range(self.num_examples)[:count]:
            name = self.name_of(position)
            digest.update(name.encode(errors="surrogateescape") + b"\0")
        return digest.hexdigest()[:16]


def take_attribute(source: Source, name: str) -> Source:
    """Makes two classes of one of a source's attributes.

    Args:
        source: With attributes.
        name: The attribute's, in any case of letters.

    Returns:
        The same images with the classes `not NAME` and `NAME`.

    Raises:
        ValueError: If it has none of that name.
    """
    names = source.attribute_names
    found = [i for i, own in enumerate(names) if own.lower() == name.lower()]
    if not found:
        has = f"the attributes {', '.join(names)}" if names else "no attributes"
        raise ValueError(
            f"{source.name} has no attribute {name!r} to condition on; it has "
            f"{has}"
        )
    index = found[0]
    return _map_labels(
        source,
        lambda label: label[index],
        fingerprint=f"{source.fingerprint} {names[index]}",
        label_names=name_classes(names[index]),
        attribute_names=(),
    )


def renumber_classes(source: Source, label_names: tuple[str, ...]) -> Source:
    """Numbers a source's classes as another has them.

    Args:
        source: With classes.
        label_names: The other's, among them all of the source's.

    Returns:
        The same images with these classes.
    """
    numbers = tf.constant([label_names.index(n) for n in source.label_names])
    return _map_labels(
        source,
        lambda label: numbers[label],
        fingerprint=f"{source.fingerprint} {label_names}",
        label_names=label_names,
    )


def match_classes(held_out: Source, training: Source) -> Source:
    """Has held-out images' classes be those of training images.

    By their names. Of arrays, whose classes may be numbers alone, by these,
    where none is a name too.

    Args:
        held_out: Some classes may have no images there.
        training: Whose classes count.

    Returns:
        The held-out images with the other's classes; without labels where
        these lack one of them.
    """
    own, wanted = held_out.label_names, training.label_names
    if not own or own == wanted:
        return held_out
    if {*own} <= {*wanted}:
        return renumber_classes(held_out, wanted)
    numbers = tuple(map(str, range(len(own))))
    are_numbers = held_out.of_arrays and own == numbers
    are_known = are_numbers and len(own) <= len(wanted)
    are_known &= not {*own} & {*wanted}
    return dataclasses.replace(
        held_out, label_names=wanted if are_known else ()
    )


def _map_labels(
    source: Source, change: Callable[[tf.Tensor], tf.Tensor], **changes: Any
) -> Source:
    def map_labels(dataset: tf.data.Dataset) -> tf.data.Dataset:
        return dataset.map(lambda image, label: (image, change(label)))

    return dataclasses.replace(
        source,
        read_all=lambda: map_labels(source.read_all()),
        read=source.read and (lambda places: map_labels(source.read(places))),
        stores={},
        **changes,
    )


class ImagesByIndex(Protocol):
    """uint8 images `(height, width, channels)`, of as many channels each."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> np.ndarray: ...


def build_array_source(
    name: str,
    split: str,
    images: ImagesByIndex,
    labels: np.ndarray,
    *,
    positions: Sequence[int] | None = None,
    image_names: Sequence[str] | None = None,
    fingerprint_images: Callable[[], ImagesFingerprint] | None = None,
    fingerprint: str | None = None,
    **attributes: Any,
) -> Source:
    """Makes a source of images that are arrays.

    Args:
        name: The dataset's.
        split: The split's.
        images: An array `(count, height, width, channels)`, where all are of
            one size, or other images.
        labels: int `(count,)` or `(count, num_attributes)`.
        positions: Of the images that the source has, in its order; None for
            all in their own.
        image_names: One for each; None for positions as decimal text.
        fingerprint_images: As of `Source`; None to compute it from all
            images.
        fingerprint: As of `Source`; None for one of the names and the
            number of images, where these say which they are.
        **attributes: Others of `Source`, such as `label_names`.

    Returns:
        The source.
    """
    image_names = image_names or [str(i) for i in range(len(images))]
    if positions is None:
        positions = range(len(images))
    positions = np.asarray(positions, np.int64)
    labels = np.asarray(labels, np.int32)
    is_array = isinstance(images, np.ndarray)
    if is_array:
        image_shape = images.shape[1:]
    else:
        channels = images[0].shape[-1] if len(images) else None
        image_shape = (None, None, channels)

    def take(index):
        position = positions[index]
        return images[position], labels[position]

    def read(indices: tf.data.Dataset) -> tf.data.Dataset:
        @tf.autograph.experimental.do_not_convert
        def take_in_graph(index):
            image, label = tf.numpy_function(
                take, [index], (tf.uint8, tf.int32), stateful=False
            )
            image.set_shape(image_shape)
            label.set_shape(labels.shape[1:])
            return image, label

        return indices.map(take_in_graph)

    if fingerprint is None:
        fingerprint = f"{name} {split} {len(positions)}"
    return Source(
        name=name,
        split=split,
        num_examples=len(positions),
        fingerprint=fingerprint,
        read_all=lambda: read(tf.data.Dataset.range(len(positions))),
        read=read,
        name_of=lambda index: image_names[positions[index]],
        image_shape=image_shape,
        # Compared, recorded and sent to other workers: hashed once.
        fingerprint_images=functools.cache(
            fingerprint_images or (lambda: fingerprint_arrays(images))
        ),
        **attributes,
    )
