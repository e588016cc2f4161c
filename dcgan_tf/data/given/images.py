"""Resolves a program's images: arrays, a dataset, a folder or a name."""

import dataclasses
import os
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from dcgan_tf.config import DataConfig, move_to_dataset, move_to_folder
from dcgan_tf.data.given.arrays import (
    ARRAYS,
    open_arrays,
    open_dataset,
    stack_images,
)
from dcgan_tf.data.given.held_out_folder import resolve_held_out_dir
from dcgan_tf.data.labels.class_labels import check_label_names
from dcgan_tf.data.source import Source
from dcgan_tf.image_sizes import check_image_size
from dcgan_tf.presets import (
    DATASETS,
    PRESETS,
    get_dataset_defaults,
    resolve_dataset_name,
)

# Arrays and `tf.data` datasets hold images; a path or a name says where some
# are.
Arrays = np.ndarray | tuple[np.ndarray, np.ndarray] | tf.data.Dataset
Images = Arrays | str | os.PathLike

# `./pictures`, `../pictures`, `/pictures`, `~/pictures`, `~`, `.`.
_LOOKS_LIKE_PATH = re.compile(r"(\.{0,2}|~[^/]*)(/|$)", re.DOTALL)


def open_given(
    images: Arrays,
    label_names: Sequence[str] | None = None,
    split: str = "train",
) -> Source:
    """Makes a source of images that a program holds.

    Args:
        images: uint8 arrays, `(images, labels)`, or a finite `tf.data`
            dataset; see `open_arrays` and `open_dataset`.
        label_names: Of the classes; None for their numbers.
        split: What the source is called a split of.

    Raises:
        ValueError: If they are something else, or can't be used.
        OSError: If reading a dataset fails.
    """
    if isinstance(images, tf.data.Dataset):
        return open_dataset(images, label_names, split)
    labels = None
    if isinstance(images, tuple):
        if len(images) != 2:
            raise ValueError(
                f"images are a tuple of {len(images)}; give (images, labels)"
            )
        images, labels = images
    if not hasattr(images, "__array__") and not isinstance(images, list):
        raise ValueError(
            f"images are a {type(images).__name__}; give a uint8 array, "
            "(images, labels), or a tf.data dataset"
        )
    return open_arrays(stack_images(images), labels, label_names, split)


def is_place(images: Images) -> bool:
    """Whether images are named by a folder or a dataset's name."""
    return isinstance(images, str | os.PathLike)


def name_place(place: str | os.PathLike) -> dict[str, str]:
    """Turns a folder or a dataset's name into settings.

    Text is a folder, or a file of images, if it starts like a path
    (`./cats`) or names what is there and no dataset of `presets.DATASETS`; a
    `pathlib.Path` always is.

    Returns:
        `image_dir`, or `dataset`.
    """
    text = os.fspath(place)
    base = re.split("[/:]", resolve_dataset_name(text))[0] if text else ""
    is_known = base in {name.split("/")[0] for name in DATASETS}
    is_folder = (
        isinstance(place, os.PathLike)
        or _LOOKS_LIKE_PATH.match(text)
        or (os.path.exists(text) and not is_known)
    )
    if is_folder:
        return {"image_dir": os.path.abspath(os.path.expanduser(text))}
    return {"dataset": resolve_dataset_name(text)}


@dataclasses.dataclass(frozen=True)
class Given:
    """What a program gave as images, and as others held out from these.

    Attributes:
        settings: `image_dir` or `dataset`, and `held_out_dir`, where it named
            a place.
        source: Images that it holds; None for a place.
        held_out: The same of those held out.
    """

    settings: dict[str, str]
    source: Source | None = None
    held_out: Source | None = None

    def move(self, data: DataConfig) -> DataConfig:
        """Returns settings of data with what is named in place of theirs."""
        changes = dict(self.settings)
        if folder := changes.pop("image_dir", None):
            data = move_to_folder(data, folder)
        elif dataset := changes.pop("dataset", None):
            data = move_to_dataset(data, dataset)
        return dataclasses.replace(data, **changes)


def resolve_given(
    images: Images | None,
    held_out: Images | None = None,
    label_names: Sequence[str] | None = None,
    arguments: tuple[str, str] = ("images", "held_out"),
) -> Given:
    """Opens images that a program holds, and finds those that it names.

    Args:
        images: A folder, a dataset's name, or what `open_given` takes; None
            for those that are known already.
        held_out: The same, but no dataset's name. Classes are those of
            `images`, where these are open.
        label_names: Of the classes of images that are open.
        arguments: What messages call both.

    Raises:
        ValueError: If they can't be used.
        OSError: If reading a dataset fails.
    """
    settings, sources = {}, []
    for argument, given in zip(arguments, (images, held_out), strict=True):
        if is_place(given) and not os.fspath(given):  # Not this very folder.
            raise ValueError(
                f"{argument} is empty; name a folder, or give arrays"
            )
    if is_place(images):
        settings = name_place(images)
    if is_place(held_out):
        settings["held_out_dir"] = resolve_held_out_dir(held_out, arguments[1])
    names = None if label_names is None else check_label_names(label_names)
    for argument, given, split in zip(
        arguments, (images, held_out), ("train", "held_out"), strict=True
    ):
        source = None
        if given is not None and not is_place(given):
            source = _open_argument(argument, given, names, split)
            names = names or source.label_names or None
        sources.append(source)
    if label_names is not None:
        _check_named(is_place(images), *sources)
    return Given(settings, *sources)


def _open_argument(
    argument: str, images: Arrays, names: Sequence[str] | None, split: str
) -> Source:
    try:
        return open_given(images, names, split)
    except ValueError as error:
        if argument == "images":  # Which they are called in any case.
            raise
        raise ValueError(f"{argument}: {error}") from error


def _check_named(
    is_named: bool, source: Source | None, held_out: Source | None
) -> None:
    """Refuses names of classes that no images have."""
    if is_named or (source is None and held_out is None):
        raise ValueError(
            "label_names are for images that are given as arrays; a folder or "
            "dataset has its own"
        )
    if not (source or held_out).label_names:
        raise ValueError(
            "label_names are given without labels: give (images, labels)"
        )


def open_other(
    images: Images, held_out: Images | None = None
) -> tuple[DataConfig, Source | None, Source | None]:
    """Resolves images other than a run's own, as `--probe_image_dir` has it.

    Args:
        images: For training: a folder, a dataset's name, or images with
            classes.
        held_out: Others to test on, a folder or images with classes; None
            for a folder's or dataset's own.

    Returns:
        Settings that name them, and of each that a program gave the source.

    Raises:
        ValueError: If they can't be used.
        OSError: If reading a dataset fails.
    """
    arguments = ("probe_data", "probe_held_out")
    given = resolve_given(images, held_out, arguments=arguments)
    named = {"dataset": "image_folder", **given.settings}
    if given.source is not None:
        named["dataset"] = ARRAYS
    crop = get_dataset_defaults(named["dataset"]).crop
    test = given.held_out and dataclasses.replace(given.held_out, split="test")
    return DataConfig(**named, crop=crop), given.source, test


def choose_settings(source: Source) -> dict[str, Any]:
    """Chooses networks for images that a program holds, by their shape.

    Args:
        source: From `open_given`.

    Returns:
        `dataset`, `preset` and perhaps `image_size` and `channels`: the
        images' own where the networks can make these.
    """
    settings = {"dataset": ARRAYS, "preset": "paper_64"}
    height, width, channels = source.image_shape
    settings["channels"] = 1 if channels == 1 else 3
    if height is None:
        return settings  # Of several sizes: they are brought to one.
    if max(height, width) <= max(PRESETS["mnist_32"].image_size):
        settings["preset"] = "mnist_32" if channels == 1 else "svhn_32"
    try:
        check_image_size((height, width))
    except ValueError:
        return settings
    return {**settings, "image_size": (height, width)}
