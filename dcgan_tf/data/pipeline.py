"""The input pipeline: shuffled batches of images, from any step on.

Example number p of a run is in epoch p // N, for N images, and is the image
at a pseudo-random permutation's place p % N, keyed by (seed, epoch). So the
shuffle is full, takes no memory, resumes at any step at once, and the
batches of a step hold the same images for any number of workers.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data.cache import (
    Store,
    find_store,
    get_store,
    iterate_prepared,
    prepare_examples,
)
from dcgan_tf.data.options import build_options
from dcgan_tf.data.source import Source
from dcgan_tf.images import to_float
from dcgan_tf.setting_names import name_setting

# What a permutation is for: the third number of its key.
_ORDER, _FLIP = 0, 1
_CIPHER_ROUNDS = 4

_PREFETCHED_STEPS = 2


def build_training_dataset(
    source: Source,
    model: ModelConfig,
    data: DataConfig,
    *,
    batch_size_per_replica: int,
    global_batch_size: int,
    seed: int,
    start_step: int = 0,
    replica_offset: int = 0,
    num_local_replicas: int = 1,
    with_labels: bool = False,
    steps_per_element: int = 1,
) -> tf.data.Dataset:
    """Builds one worker's endless training data.

    Args:
        source: Real images.
        model: The images' size and channels.
        data: Crop, background, cache and flip.
        batch_size_per_replica: Images of a step on a replica.
        global_batch_size: Images a step, over all replicas of all workers.
        seed: Decides the order.
        start_step: Steps done before, when a run is resumed.
        replica_offset: This worker's first replica's number among all.
        num_local_replicas: How many of them take elements in turn.
        with_labels: Whether elements are `(images, labels)`.
        steps_per_element: With more than 1, an element holds the batches of
            so many steps along an axis before the others.

    Returns:
        A dataset, a replica's batch an element, replicas in turn: float32
        images `(batch_size_per_replica, height, width, channels)` in
        `[-1, 1]`, and int32 labels as the source has them; with
        `steps_per_element`, an axis of as many before them.

    Raises:
        ValueError: If over half of a folder is unreadable.
    """
    store = get_store(source, model, data)
    order = _Order(
        source.num_examples,
        seed,
        global_batch_size,
        batch_size_per_replica,
        replica_offset,
        num_local_replicas,
        start_step,
        steps_per_element,
    )
    examples = tf.data.Dataset.range(tf.int64.max).map(order.find)
    if store is None:
        batches = _read_batches(source, model, data, examples, order)
    else:

        @tf.autograph.experimental.do_not_convert
        def gather(positions, flips):
            return (*_gather(store, positions, model), flips)

        batches = examples.map(gather)

    num_prefetched = 1 if steps_per_element > 1 else _PREFETCHED_STEPS

    @tf.autograph.experimental.do_not_convert
    def finish(images, labels, flips):
        images = to_float(_mirror(images, flips) if data.flip else images)
        if steps_per_element > 1:
            images, labels = map(order.split_steps, (images, labels))
        return (images, labels) if with_labels else images

    return (
        batches.map(finish)
        .prefetch(num_prefetched * num_local_replicas)
        .with_options(build_options())
    )


@dataclasses.dataclass(frozen=True)
class _Order:
    """Which images are in an element, of one worker's share of a run."""

    num_examples: int
    seed: int
    global_batch_size: int
    batch_size_per_replica: int
    replica_offset: int
    num_local_replicas: int
    start_step: int
    steps_per_element: int

    @property
    def num_images(self) -> int:
        """How many images an element holds."""
        return self.steps_per_element * self.batch_size_per_replica

    @tf.autograph.experimental.do_not_convert
    def find(self, element: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns int64 positions and bool flips, `(num_images,)` each."""
        num_before = element // self.num_local_replicas * self.steps_per_element
        steps = self.start_step + num_before + _range(self.steps_per_element)
        replica = self.replica_offset + element % self.num_local_replicas
        firsts = (
            steps * self.global_batch_size
            + replica * self.batch_size_per_replica
        )
        numbers = firsts[:, None] + _range(self.batch_size_per_replica)
        numbers = tf.reshape(numbers, [self.num_images])
        positions = permute(numbers, self.num_examples, self.seed, _ORDER)
        # The lowest bit of another permutation: half of every epoch.
        flips = permute(numbers, self.num_examples, self.seed, _FLIP) % 2 == 1
        return positions, flips

    def split_steps(self, values: tf.Tensor) -> tf.Tensor:
        """Gives an element's images or labels an axis of steps."""
        return tf.reshape(
            values,
            (
                self.steps_per_element,
                self.batch_size_per_replica,
                *values.shape[1:],
            ),
        )


def _range(count: int) -> tf.Tensor:
    return tf.range(count, dtype=tf.int64)


def load_images(
    source: Source,
    model: ModelConfig,
    data: DataConfig,
    max_images: int | None = None,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Reads prepared images in the source's order, for measures.

    Args:
        source: Where from.
        model: The images' size and channels.
        data: Crop and background.
        max_images: How many at most, from the first on; None for all.

    Returns:
        uint8 images `(count, height, width, channels)` and int32 labels
        `(count,)` or `(count, num_attributes)`, None where there are none.
        Unreadable images are left out, so that `count` may be less.
    """
    count = min(source.num_examples, max_images or source.num_examples)
    store = find_store(source, model, data)
    if store is not None:
        images, labels = store.gather(np.arange(count)), store.labels[:count]
    else:
        images, labels = _read_first(source, model, data, count)
    unreadable = source.skipped.reasons
    if unreadable:
        is_read = np.array(
            [source.name_of(i) not in unreadable for i in range(count)]
        )
        images, labels = images[is_read], labels[is_read]
    return images, labels if source.has_labels else None


def check_batch_size(source: Source, batch_size: int) -> None:
    """Refuses a batch that the data can't fill without repeating images.

    Raises:
        ValueError: If `batch_size` is larger than the number of images.
    """
    if batch_size > source.num_examples:
        # A power of two divides by most numbers of devices.
        largest = 2 ** (source.num_examples.bit_length() - 1)
        raise ValueError(
            f"batch size {batch_size} is larger than the data: {source.name} "
            f"has {source.num_examples:,} images (split {source.split}); use "
            f"batch size {largest} ({name_setting('batch_size', largest)}), "
            "or more images"
        )


def permute(
    numbers: tf.Tensor, num_examples: int, seed: int, purpose: int
) -> tf.Tensor:
    """Maps a run's example numbers to positions, a permutation an epoch.

    Args:
        numbers: int64 `(count,)`, from 0 at the run's start.
        num_examples: Length of an epoch.
        seed: The run's.
        purpose: Makes permutations of the same epoch independent.

    Returns:
        int64 `(count,)` in `[0, num_examples)`.
    """
    epochs = numbers // num_examples
    key = tf.stack(
        [
            tf.fill(tf.shape(numbers), tf.constant(seed, tf.int64)),
            epochs,
            tf.fill(tf.shape(numbers), tf.constant(purpose, tf.int64)),
        ],
        axis=-1,
    )
    # tf.random.experimental.index_shuffle takes a key each only in theory.
    return tf.raw_ops.RandomIndexShuffle(
        index=numbers % num_examples,
        seed=key,
        max_index=tf.constant(num_examples - 1, tf.int64),
        rounds=_CIPHER_ROUNDS,
    )


def _read_batches(
    source: Source,
    model: ModelConfig,
    data: DataConfig,
    examples: tf.data.Dataset,
    order: _Order,
) -> tf.data.Dataset:
    """Decodes and prepares images one by one, and batches them again."""

    @tf.autograph.experimental.do_not_convert
    def take_positions(positions, flips):
        return positions

    @tf.autograph.experimental.do_not_convert
    def add_flips(batch, example):
        return (*batch, example[1])

    positions = examples.map(take_positions).unbatch()
    prepared = prepare_examples(source.read(positions), model, data)
    batches = prepared.batch(order.num_images, drop_remainder=True)
    return tf.data.Dataset.zip(batches, examples).map(add_flips)


def _gather(
    store: Store, positions: tf.Tensor, model: ModelConfig
) -> tuple[tf.Tensor, tf.Tensor]:
    """Fetches a batch by Python, so that no graph holds a copy of the data."""
    images, labels = tf.numpy_function(
        lambda wanted: (store.gather(wanted), store.labels[wanted]),
        [positions],
        (tf.uint8, tf.int32),
        stateful=False,
    )
    count = positions.shape[0]
    images.set_shape((count, *model.image_size, model.channels))
    labels.set_shape((count, *store.labels.shape[1:]))
    return images, labels


def _mirror(images: tf.Tensor, flips: tf.Tensor) -> tf.Tensor:
    """Mirrors some images of a batch left to right.

    By the operations that copy whole rows and images: a strided slice and a
    `tf.where` that broadcasts take 20 times as long.
    """
    mirrored = tf.reverse(images, axis=[2])
    return tf.raw_ops.Select(condition=flips, x=mirrored, y=images)


def _read_first(
    source: Source, model: ModelConfig, data: DataConfig, count: int
) -> tuple[np.ndarray, np.ndarray]:
    images = np.empty((count, *model.image_size, model.channels), np.uint8)
    labels, start = [], 0
    for batch, batch_labels in iterate_prepared(source, model, data):
        num_taken = min(len(batch), count - start)
        images[start : start + num_taken] = batch[:num_taken]
        labels.append(batch_labels[:num_taken])
        start += num_taken
        if start == count:
            break
    return images, np.concatenate(labels)
