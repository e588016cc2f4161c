"""Resolves a program's images: arrays, a dataset, a folder or a name."""

import dataclasses
import os
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from dcgan_tf.config import DataConfig, move_to_folder
from dcgan_tf.data.given.arrays import ARRAYS, open_arrays, open_dataset
from dcgan_tf.data.given.held_out_folder import resolve_held_out_dir
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
    try:
        images = np.asarray(images)
    except ValueError as error:
        raise ValueError(
            "images differ in shape; write them to a folder, or make them a "
            "tf.data dataset"
        ) from error
    return open_arrays(images, labels, label_names, split)


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
    return {"dataset": text}


def replace_place(data: DataConfig, place: str | os.PathLike) -> DataConfig:
    """Returns a run's data read from another place."""
    found = _find_place(place)
    if found["image_dir"] is not None:
        return move_to_folder(data, found["image_dir"])
    return dataclasses.replace(data, **found)


def _find_place(place: str | os.PathLike) -> dict[str, str | None]:
    """Returns the `dataset` and `image_dir` of a `DataConfig`."""
    found = {"dataset": "image_folder", "image_dir": None, **name_place(place)}
    return {**found, "dataset": resolve_dataset_name(found["dataset"])}


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
    data, source, held_out_source = DataConfig(ARRAYS), None, None
    if is_place(images):
        data = DataConfig(**_find_place(images))
        crop = get_dataset_defaults(data.dataset).crop
        data = dataclasses.replace(data, crop=crop)
    else:
        source = open_given(images)
    if is_place(held_out):
        folder = resolve_held_out_dir(held_out, "probe_held_out")
        data = dataclasses.replace(data, held_out_dir=folder)
    elif held_out is not None:
        names = source.label_names if source else None
        held_out_source = open_given(held_out, names or None, split="test")
    return data, source, held_out_source


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
