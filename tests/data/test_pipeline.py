"""The order of training images: full, resumable, the same for any workers."""

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.config import CACHES, DataConfig, ModelConfig
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.pipeline import (
    build_training_dataset,
    check_batch_size,
    load_images,
    permute,
)
from dcgan_tf.data.source import build_array_source
from dcgan_tf.images import to_float, to_uint8

MODEL = ModelConfig((16, 16), 3)


def make_source(count=50):
    """Image i is of level i, but for a mark at its left."""
    images = np.empty((count, 16, 16, 3), np.uint8)
    images[:] = np.arange(count)[:, None, None, None]
    images[:, :, 0] = 255
    names = tuple("abcde")
    return build_array_source(
        "levels", "train", images, np.arange(count) % 5, label_names=names
    )


def make_data(**options):
    # The default dataset's images would be padded.
    return DataConfig(dataset="levels", **options)


def take(source, num_elements, data=None, **options):
    arguments = {
        "batch_size_per_replica": 8,
        "global_batch_size": 8,
        "seed": 1,
        **options,
    }
    dataset = build_training_dataset(
        source, MODEL, data or make_data(), **arguments
    )
    return list(dataset.take(num_elements).as_numpy_iterator())


def read_levels(batches):
    return np.concatenate(
        [to_uint8(batch).numpy()[:, 0, 8, 0] for batch in batches]
    )


@pytest.mark.parametrize("num_examples", [1, 2, 3, 50, 4000])
def test_permutation_has_every_position_once_an_epoch(num_examples):
    numbers = tf.range(3 * num_examples, dtype=tf.int64)
    epochs = permute(numbers, num_examples, 7, 0).numpy()
    for epoch in epochs.reshape(3, -1):
        assert sorted(epoch) == list(range(num_examples))


def test_permutation_depends_on_seed_epoch_and_purpose():
    numbers = tf.range(200, dtype=tf.int64)
    orders = [
        *permute(numbers, 100, 7, 0).numpy().reshape(2, 100),
        permute(numbers[:100], 100, 8, 0).numpy(),
        permute(numbers[:100], 100, 7, 1).numpy(),
        np.arange(100),
    ]
    for i, order in enumerate(orders):
        for other in orders[:i]:
            assert (order == other).sum() < 10


def test_batches_hold_every_image_once_an_epoch():
    levels = read_levels(take(make_source(), 25))
    assert levels.shape == (200,)
    epochs = levels.reshape(4, 50)
    for epoch in epochs:
        assert sorted(epoch) == list(range(50))
    assert (epochs[0] != epochs[1]).any()


def test_images_are_float_in_range_and_labels_theirs():
    ((images, labels),) = take(make_source(), 1, with_labels=True)
    assert images.dtype == np.float32 and images.shape == (8, 16, 16, 3)
    assert images.max() == 1.0 and images.min() >= -1.0
    assert labels.dtype == np.int32
    np.testing.assert_array_equal(labels, read_levels([images]) % 5)


@pytest.mark.parametrize("cache", CACHES)
def test_every_cache_gives_the_same_batches_from_any_step(cache):
    data = make_data(cache=cache, flip=True)
    expected = take(make_source(), 12, make_data(cache="memory", flip=True))
    resumed = take(make_source(), 5, data, start_step=7)
    np.testing.assert_array_equal(resumed, expected[7:])


@pytest.mark.parametrize("cache", ["memory", "off"])
def test_elements_may_hold_the_batches_of_several_steps(cache):
    data = make_data(cache=cache, flip=True)
    options = {"num_local_replicas": 2, "batch_size_per_replica": 4}
    options |= {"with_labels": True, "start_step": 5}
    single = take(make_source(), 12, data, **options)
    several = take(make_source(), 4, data, steps_per_element=3, **options)
    # Of each replica in turn.
    for index, (images, labels) in enumerate(several):
        first, replica = index // 2 * 3, index % 2
        for place in range(3):
            wanted = single[2 * (first + place) + replica]
            np.testing.assert_array_equal(images[place], wanted[0])
            np.testing.assert_array_equal(labels[place], wanted[1])


@pytest.mark.parametrize("cache", ["memory", "off"])
def test_global_batches_are_the_same_for_any_workers(cache):
    data = make_data(cache=cache, flip=True)
    whole = np.stack(take(make_source(), 6, data))
    two_replicas = np.stack(
        take(
            make_source(),
            12,
            data,
            batch_size_per_replica=4,
            num_local_replicas=2,
        )
    )
    np.testing.assert_array_equal(two_replicas.reshape(whole.shape), whole)
    workers = [
        np.stack(
            take(
                make_source(),
                6,
                data,
                batch_size_per_replica=4,
                replica_offset=worker,
            )
        )
        for worker in range(2)
    ]
    np.testing.assert_array_equal(np.concatenate(workers, axis=1), whole)


def test_flip_mirrors_half_of_every_epoch_anew():
    batches = take(make_source(), 25, make_data(flip=True))
    images = np.concatenate(batches).reshape(4, 50, 16, 16, 3)
    is_flipped = images[:, :, 0, 0, 0] != 1.0
    assert (images[:, :, 0, -1, 0][is_flipped] == 1.0).all()
    assert (is_flipped.sum(axis=1) == 25).all()
    orders = [np.flatnonzero(epoch).tolist() for epoch in is_flipped]
    assert len({tuple(order) for order in orders}) == 4


def test_without_flip_nothing_is_mirrored():
    images = np.concatenate(take(make_source(), 7))
    assert (images[:, :, 0] == 1.0).all()


def test_batch_larger_than_the_data_is_refused():
    with pytest.raises(ValueError, match="batch size 64 .* has 50 images"):
        check_batch_size(make_source(), 64)


def test_load_images_is_in_order_and_prepared():
    source = make_source()
    images, labels = load_images(source, MODEL, make_data(), max_images=20)
    np.testing.assert_array_equal(images[:, 0, 8, 0], np.arange(20))
    np.testing.assert_array_equal(labels, np.arange(20) % 5)
    assert images.dtype == np.uint8
    grey, _ = load_images(source, ModelConfig((16, 32), 1), make_data())
    assert grey.shape == (50, 16, 32, 1)


def test_load_images_is_the_same_from_the_cache():
    source = make_source()
    before = load_images(source, MODEL, make_data(), max_images=20)
    take(source, 1)
    after = load_images(source, MODEL, make_data(), max_images=20)
    np.testing.assert_array_equal(before[0], after[0])
    np.testing.assert_array_equal(before[1], after[1])


def test_unlabelled_images_have_no_labels(tmp_path, write_pictures):
    write_pictures(tmp_path, ["a.png", "b.png"])
    data = DataConfig(dataset="image_folder", image_dir=str(tmp_path))
    images, labels = load_images(load_source(data), MODEL, data)
    assert len(images) == 2 and labels is None


def test_scaling_is_reversible_through_the_pipeline():
    source = make_source()
    (batch,) = take(source, 1)
    images, _ = load_images(source, MODEL, make_data())
    chosen = images[read_levels([batch])]
    np.testing.assert_array_equal(batch, to_float(chosen))


@pytest.mark.parametrize(("num_images", "named"), [(1, 1), (7, 4), (64, 64)])
def test_too_large_a_batch_names_one_that_works(num_images, named):
    images = np.zeros((num_images, 8, 8, 1), np.uint8)
    source = build_array_source("x", "train", images, np.zeros(num_images))
    with pytest.raises(ValueError, match=f"batch_size={named}\\)"):
        check_batch_size(source, 65)
    check_batch_size(source, named)
