"""Seeds and classes of images are by one rule."""

import numpy as np
import pytest

from dcgan_tf.seeds import (
    LARGEST_SEED,
    SEEDS_PER_SEED,
    choose_labels,
    make_seeds,
)


def test_images_of_different_seeds_share_no_latent():
    first, second = make_seeds(0, SEEDS_PER_SEED), make_seeds(1, 3)
    assert first.dtype == np.int64 and first[-1] == second[0] - 1


@pytest.mark.parametrize("num_classes", [1, 3, 7, 10])
def test_an_images_class_depends_on_its_seed_alone(num_classes):
    seeds = make_seeds(2, 40)
    labels = choose_labels(seeds, num_classes)
    assert labels.dtype == np.int32
    np.testing.assert_array_equal(labels, seeds % num_classes)
    np.testing.assert_array_equal(
        choose_labels(seeds[13:], num_classes), labels[13:]
    )


def test_one_class_for_all_or_none():
    assert choose_labels(make_seeds(0, 3), 0) is None
    assert choose_labels(make_seeds(0, 3), 5, label=4).tolist() == [4, 4, 4]


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int32, np.int64])
def test_numpys_narrow_numbers_are_seeds_too(kind):
    largest = int(np.iinfo(kind).max)
    seed = min(largest, LARGEST_SEED)
    np.testing.assert_array_equal(
        make_seeds(kind(seed), 2), make_seeds(seed, 2)
    )
    assert make_seeds(kind(seed), 2)[0] == seed * SEEDS_PER_SEED
