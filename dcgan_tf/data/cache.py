"""The cache of prepared training images, in memory or in one file on disk."""

import dataclasses
import hashlib
import json
import logging
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from dcgan_tf import failures
from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data import disk_cache, memory
from dcgan_tf.data.cache_dir import get_cache_dir
from dcgan_tf.data.options import build_options
from dcgan_tf.data.preprocess.prepare import get_padded_side, prepare_image
from dcgan_tf.data.source import Source
from dcgan_tf.setting_names import name_setting

_log = logging.getLogger(__name__)

# What `auto` may fill: evaluation and the networks want the rest.
_MEMORY_SHARE = 0.25
_DISK_SHARE = 0.5

_FILL_BATCH = 256


@dataclasses.dataclass(frozen=True)
class Store:
    """Prepared images of a source, by position.

    Attributes:
        gather: From int64 positions `(count,)` to uint8 images
            `(count, height, width, channels)`; safe from several threads.
        labels: int32 `(num_examples,)` or `(num_examples, num_attributes)`.
    """

    gather: Callable[[np.ndarray], np.ndarray]
    labels: np.ndarray


def get_store(
    source: Source, model: ModelConfig, data: DataConfig
) -> Store | None:
    """Returns a source's store, filling it at the first call.

    A file on disk that was made of other images or with another crop,
    size or background is made anew.

    Args:
        source: Where images come from. It keeps its store.
        model: The images' size and channels.
        data: `cache` decides: `auto` is memory where that takes at most a
            quarter of what is free, else disk where that takes at most half
            of what is free, else off.

    Returns:
        The store, or None for `off`.

    Raises:
        ValueError: If over half of a folder turns out unreadable, or images
            that can only be read in order are asked for without a cache.
        OSError: If the disk is full or can't be written to.
    """
    key = _describe(source, model, data)
    if key not in source.stores:
        num_bytes = source.num_examples * _image_bytes(model)
        choice = data.cache
        if choice == "auto":
            choice = _choose_cache(num_bytes)
        if choice == "off" and source.read is None:
            raise ValueError(
                f"{source.name} can only be read in order, so that its images "
                "can't be shuffled without a cache; use cache memory or disk"
            )
        makers = {"memory": _fill_memory, "disk": _open_disk}
        make = makers.get(choice, lambda *_: None)
        source.stores[key] = make(source, model, data)
    return source.stores[key]


def find_store(
    source: Source, model: ModelConfig, data: DataConfig
) -> Store | None:
    """Returns the store that `get_store` has made, if it has."""
    return source.stores.get(_describe(source, model, data))


def prepare_examples(
    examples: tf.data.Dataset, model: ModelConfig, data: DataConfig
) -> tf.data.Dataset:
    """Prepares decoded images one by one; labels stay as they are."""

    @tf.autograph.experimental.do_not_convert
    def prepare(image, label):
        return prepare_image(image, model, data), label

    return examples.map(prepare, num_parallel_calls=tf.data.AUTOTUNE)


def iterate_prepared(
    source: Source, model: ModelConfig, data: DataConfig
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Reads a source in order, in batches of prepared images and labels.

    Yields:
        uint8 `(count, height, width, channels)` and int32 labels.

    Raises:
        ValueError: If over half of a folder turns out unreadable.
    """

    dataset = (
        prepare_examples(source.read_all(), model, data)
        .batch(_FILL_BATCH)
        .prefetch(2)
        .with_options(build_options())
    )
    try:
        yield from dataset.as_numpy_iterator()
    except tf.errors.OpError:
        source.skipped.check()  # Says it better, if it was that.
        raise


def _advise_on_full_disk() -> str:
    off = name_setting("cache", "off")
    return f"Or give {off}, or a folder in XDG_CACHE_HOME"


def _choose_cache(num_bytes: int) -> str:
    if num_bytes <= _MEMORY_SHARE * memory.measure_available():
        return "memory"
    free = failures.find_free_bytes(get_cache_dir()) or 0
    return "disk" if num_bytes <= _DISK_SHARE * free else "off"


def _image_bytes(model: ModelConfig) -> int:
    height, width = model.image_size
    return height * width * model.channels


def _describe(source: Source, model: ModelConfig, data: DataConfig) -> str:
    """Everything that decides the prepared images."""
    settings = {
        "source": source.fingerprint,
        "num_examples": source.num_examples,
        "image_size": list(model.image_size),
        "channels": model.channels,
        "crop": data.crop,
        "background": data.background,
        "padded_side": get_padded_side(data),
    }
    # Copies that were made before there was a choice stay good.
    if data.fit != "crop":
        settings["fit"] = data.fit
    return json.dumps(settings, sort_keys=True)


def _iterate_with_progress(source, model, data):
    # Nothing is printed where standard error is no terminal.
    with tqdm(
        total=source.num_examples, desc="reading", unit="image", disable=None
    ) as bar:
        for images, labels in iterate_prepared(source, model, data):
            yield images, labels
            bar.update(len(images))


def _fill_memory(source: Source, model: ModelConfig, data: DataConfig) -> Store:
    shape = (source.num_examples, *model.image_size, model.channels)
    images = np.empty(shape, np.uint8)
    labels = []
    start = 0
    for batch, batch_labels in _iterate_with_progress(source, model, data):
        images[start : start + len(batch)] = batch
        labels.append(batch_labels)
        start += len(batch)
    return Store(images.__getitem__, np.concatenate(labels))


def _make_cache_dir(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(0, "it may not be written to")
    except OSError as error:
        if failures.is_disk_full(error):
            raise
        raise OSError(
            f"cache folder {folder} can't be used ({error.strerror}); give "
            f"{name_setting('cache', 'off')}, or a folder in XDG_CACHE_HOME"
        ) from error


def _open_disk(source: Source, model: ModelConfig, data: DataConfig) -> Store:
    origin = (
        os.path.abspath(data.image_dir) if data.image_dir else data.data_dir
    )
    key = hashlib.sha256(
        f"{source.name}|{origin}|{source.split}".encode(
            errors="surrogateescape"
        )
    )
    path = get_cache_dir() / f"{key.hexdigest()[:16]}.images"
    description = _describe(source, model, data)
    cached = disk_cache.open_cache(path)
    if cached is not None and cached.footer["description"] != description:
        _log.warning("the images or settings changed: redoing %s", path)
        cached.file.close()
        cached = None
    if cached is None:
        # What is written is read by the same handle: another process may
        # replace the file at any time by one with settings of its own.
        _make_cache_dir(path.parent)
        needed = source.num_examples * _image_bytes(model)
        with failures.full_disk_named(path, needed, _advise_on_full_disk()):
            cached = disk_cache.write_cache(
                path,
                description,
                _iterate_with_progress(source, model, data),
                source.skipped,
            )
    for name, reason in cached.footer["skipped"].items():
        source.skipped.add(name, reason)
    shape = (*model.image_size, model.channels)
    return Store(
        lambda positions: cached.gather(positions, shape),
        cached.read_labels(math.prod(shape)),
    )
