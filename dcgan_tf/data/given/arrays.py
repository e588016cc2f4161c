"""Makes a `Source` of arrays or of a `tf.data` dataset.

They lie in no place that another process could open, so a run records their
fingerprint alone, and whoever resumes it gives them again.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from dcgan_tf.config import ARRAYS
from dcgan_tf.data import memory
from dcgan_tf.data.fingerprint import hash_array
from dcgan_tf.data.labels.class_labels import number_classes, warn_of_gaps
from dcgan_tf.data.name_order import order_positions
from dcgan_tf.data.source import Source, build_array_source

_CHANNELS = (1, 3, 4)
_KEYS = ("image", "label")
# Of Pillow's images, those whose arrays are taken as they are, or refused.
_PLAIN_MODES = ("L", "RGB", "RGBA", "I;16", "I", "F")


def open_arrays(
    images: np.ndarray,
    labels: np.ndarray | None = None,
    label_names: Sequence[str] | None = None,
    split: str = "train",
) -> Source:
    """Makes a source of arrays; they are not copied.

    Images come in an order of a hash of their positions, as an array file's
    do: of arrays that are sorted by class, the first ones are no fair sample.

    Args:
        images: uint8 `(count, height, width, channels)` with 1, 3 or 4
            channels, or grey `(count, height, width)`.
        labels: A class for each, integers `(count,)` from 0; None for none.
        label_names: Of the classes, if it has labels; None for their
            numbers.
        split: What the source is called a split of.

    Raises:
        ValueError: If they have another dtype, range or shape.
    """
    images = check_images(np.asarray(images))
    positions = order_positions(range(len(images)))
    return _build_source(images, labels, label_names, split, positions)


def open_dataset(
    dataset: tf.data.Dataset,
    label_names: Sequence[str] | None = None,
    split: str = "train",
) -> Source:
    """Reads a dataset once, into a source that can be read at any position.

    Images are kept in an order of their contents, so that a dataset that
    shuffles gives the same source each time and a run resumes exactly.

    Args:
        dataset: Finite. Its elements are images, `(image, label)`, or dicts
            with `image` and perhaps `label`: uint8 `(height, width,
            channels)` of any size, or batches of such.
        label_names: Of the classes, if it has labels; None for their
            numbers.
        split: What the source is called a split of.

    Raises:
        ValueError: If it never ends, doesn't fit into memory, or holds
            something else.
        OSError: If reading it fails.
    """
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError(
            "the tf.data dataset never ends, and training reads it once to "
            "shuffle and repeat by itself: leave .repeat() out, or cut it "
            "with .take(count)"
        )
    images, labels = _read(dataset)
    order = sorted(
        range(len(images)),
        key=lambda i: (hash_array(images[i]), labels[i] if labels else 0),
    )
    channels = {image.shape[-1] for image in images}
    if len(channels) > 1:
        raise ValueError(
            f"the tf.data dataset has images of {min(channels)} and of "
            f"{max(channels)} channels; bring them to one number"
        )
    images = [images[i] for i in order]
    if len({image.shape for image in images}) == 1:
        images = np.stack(images)
    labels = np.asarray([labels[i] for i in order]) if labels else None
    return _build_source(images, labels, label_names, split)


def stack_images(images: Any) -> np.ndarray:
    """Makes an array of what a program gives as images.

    Args:
        images: An array, or a list of arrays or of Pillow's images; those
            whose pixels are no levels of grey, RGB or RGBA, such as a
            palette's numbers, are converted.

    Raises:
        ValueError: If a list's images differ in shape.
    """
    if isinstance(images, list):
        images = [_convert_pillow(image) for image in images]
    try:
        return np.asarray(images)
    except ValueError as error:
        raise ValueError(
            "images differ in shape; write them to a folder, or make them a "
            "tf.data dataset"
        ) from error


def _convert_pillow(image: Any) -> Any:
    if not isinstance(image, Image.Image) or image.mode in _PLAIN_MODES:
        return image
    if image.mode == "1":
        return image.convert("L")
    is_transparent = image.has_transparency_data
    return image.convert("RGBA" if is_transparent else "RGB")


def check_images(images: np.ndarray, axes: str = "count, ") -> np.ndarray:
    """Refuses what are no uint8 images, saying how to make them such.

    Args:
        images: To check.
        axes: Names of the axes before `height, width, channels`; empty for
            a single image.

    Returns:
        The images, with an axis of channels.

    Raises:
        ValueError: If dtype, range or shape are others.
    """
    if not images.size:
        raise ValueError(f"images have shape {images.shape}: there are none")
    if images.dtype != np.uint8:
        raise ValueError(f"images are {images.dtype}{_advise(images)}")
    wanted = 3 + bool(axes)
    if images.ndim == wanted - 1 and (
        not axes or images.shape[-1] not in _CHANNELS
    ):
        images = images[..., np.newaxis]
    if images.ndim != wanted or images.shape[-1] not in _CHANNELS:
        raise ValueError(
            f"images have shape {images.shape}; give ({axes}height, width, "
            "channels) with 1 (grey), 3 (RGB) or 4 (RGBA) channels"
        )
    return images


def _advise(images: np.ndarray) -> str:
    """Says how images of another dtype become uint8."""
    wanted = "; give uint8 in 0 to 255"
    if images.dtype == bool:
        return f"{wanted}: images.astype('uint8') * 255"
    if images.dtype.kind not in "iuf" or not images.size:
        return wanted
    low, high = images.min(), images.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        return f" with values that are not finite{wanted}"
    found = f" from {low:g} to {high:g}{wanted}"
    if low < -1 or high > 255:
        return found
    if low < 0:
        return f"{found}: dcgan_tf.images.to_uint8 scales [-1, 1]"
    if high <= 1:
        return f"{found}: (images * 255).round().astype('uint8') scales [0, 1]"
    return f"{found}: images.round().astype('uint8')"


def _build_source(
    images: np.ndarray | list[np.ndarray],
    labels: np.ndarray | None,
    label_names: Sequence[str] | None,
    split: str,
    positions: Sequence[int] | None = None,
) -> Source:
    classes = number_classes(
        labels, len(images), label_names, lambda: map(hash_array, images)
    )
    if split == "train":
        advice = "number the labels from 0 without gaps"
        warn_of_gaps(classes.numbers, classes.names, advice)
    return build_array_source(
        ARRAYS,
        split,
        images,
        classes.numbers,
        positions=positions,
        # By content: a cached copy of other arrays of this length is stale.
        fingerprint=_digest(images, classes.numbers),
        label_names=classes.names,
        digest_labels=classes.digest,
        of_arrays=True,
    )


def _read(dataset: tf.data.Dataset) -> tuple[list[np.ndarray], list[int]]:
    limit = memory.measure_limit()  # Before they fill any of it.
    images, labels, num_bytes = [], [], 0
    for batch, batch_labels in _iterate(dataset):
        images += batch
        labels += batch_labels
        num_bytes += sum(image.nbytes for image in batch)
        if num_bytes > limit:
            raise ValueError(
                f"the tf.data dataset fills half of the free memory after "
                f"{len(images):,} images; does it end? Cut it with "
                ".take(count), or write its images to a folder and give that"
            )
    if not images:
        raise ValueError("the tf.data dataset is empty")
    if labels and len(labels) != len(images):
        raise ValueError(
            f"the tf.data dataset has {len(images)} images and {len(labels)} "
            "labels; give a class for each image"
        )
    return images, labels


def _iterate(
    dataset: tf.data.Dataset,
) -> Iterator[tuple[list[np.ndarray], list[int]]]:
    """Yields the images and labels of each element, single or a batch."""
    is_grey_batch = _has_grey_batches(dataset)
    try:
        for element in dataset.as_numpy_iterator():
            image, label = _split(element)
            if not isinstance(image, np.ndarray):
                raise ValueError(
                    f"the tf.data dataset holds {type(image).__name__}; give "
                    "images, (image, label), or dicts with 'image' and 'label'"
                )
            is_batch = image.ndim == 4 or is_grey_batch
            image = check_images(image, "count, " if is_batch else "")
            label = [] if label is None else np.asarray(label).reshape(-1)
            yield (
                list(image) if is_batch else [image],
                [_as_int(value) for value in label],
            )
    except tf.errors.OpError as error:
        reason = str(error.message).strip().splitlines()[0]
        raise OSError(f"reading the tf.data dataset failed: {reason}") from None


def _has_grey_batches(dataset: tf.data.Dataset) -> bool:
    """Whether three axes are those of a batch of grey images.

    An image's own axes, the last one channels, are as many. A batch's first
    axis has no fixed length or, with each batch full, as many labels.
    """
    image, label = _split(dataset.element_spec)
    shape = getattr(image, "shape", tf.TensorShape(None))
    if shape.rank != 3 or shape[2] in _CHANNELS or shape[2] is None:
        return False
    labels = getattr(label, "shape", tf.TensorShape(None))
    has_labels = labels.rank is not None and labels.rank > 0
    return shape[0] is None or (has_labels and labels[0] == shape[0])


def _as_int(value: object) -> int:
    if not isinstance(value, np.integer):
        raise ValueError(
            f"the tf.data dataset has labels such as {value!r}; give integer "
            "classes from 0"
        )
    return int(value)


def _split(element: object) -> tuple[object, object]:
    if isinstance(element, dict):
        return tuple(element.get(key) for key in _KEYS)
    if isinstance(element, tuple) and len(element) == 2:
        return element
    return element, None


def _digest(images: Sequence[np.ndarray], labels: np.ndarray) -> str:
    digest = hashlib.blake2b(np.ascontiguousarray(labels, np.int64).tobytes())
    for image in images:
        digest.update(repr(image.shape).encode() + image.tobytes())
    return digest.hexdigest()
