"""Seeds and classes of images are by one rule."""

import random

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.analysis.attribute_classifier import train_attribute_classifier
from dcgan_tf.config import ModelConfig
from dcgan_tf.data.dedup.codes import train_encoder
from dcgan_tf.evaluation.feature_extractors.classifier import load_classifier
from dcgan_tf.evaluation.linear_probe import supervised
from dcgan_tf.evaluation.linear_probe.protocols import Protocol, arrange
from dcgan_tf.evaluation.linear_probe.supervised import probe_supervised
from dcgan_tf.seeds import (
    LARGEST_SEED,
    SEEDS_PER_SEED,
    choose_labels,
    draw_batches,
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


@pytest.mark.parametrize("num_examples", [1, 5, 64, 150])
def test_batches_are_whole_epochs_in_orders_of_a_seed(num_examples):
    batches = draw_batches(num_examples, 10, 32, seed=LARGEST_SEED)
    assert batches.shape == (10, 32)
    epochs = batches.ravel()[: 320 // num_examples * num_examples]
    epochs = epochs.reshape(-1, num_examples)
    assert (np.sort(epochs) == np.arange(num_examples)).all()
    assert num_examples == 1 or len(np.unique(epochs, axis=0)) > 1
    np.testing.assert_array_equal(
        batches, draw_batches(num_examples, 10, 32, seed=LARGEST_SEED)
    )


def _train_dedup_encoder(images, labels, tmp_path):
    encoder = train_encoder(np.repeat(images, 3, axis=3), 8)
    return [encoder.kernel, encoder.bias]


def _train_attribute_classifier(images, labels, tmp_path):
    classifier = train_attribute_classifier(32, num_images=300, num_epochs=1)
    return [classifier.compute_logits(np.repeat(images, 3, axis=3))]


def _train_distance_classifier(images, labels, tmp_path):
    extractor = load_classifier(images, labels, ("a", "b"), 3, tmp_path)
    return extractor.apply(images)


def _train_supervised_probe(images, labels, tmp_path):
    protocol = Protocol("small", None, (None,), 100, 1, 1)
    data = arrange(protocol, images, labels, images, labels, seed=0)
    model = ModelConfig((32, 32), 1, base_filters=4)
    (result,) = probe_supervised(model, data, protocol, seed=3)
    return [result.accuracy, result.validation_accuracy]


TRAININGS = [
    _train_dedup_encoder,
    _train_attribute_classifier,
    _train_distance_classifier,
    _train_supervised_probe,
]


@pytest.mark.parametrize("train", TRAININGS)
def test_a_seed_decides_whatever_the_program_seeded(
    train, tmp_path, monkeypatch
):
    """And what the program draws next is as if it had called nothing."""
    monkeypatch.setattr(supervised, "_STEPS", (30, 30))
    rng = np.random.default_rng(0)
    labels = np.arange(200, dtype=np.int32) % 2
    images = rng.integers(0, 236, (200, 32, 32, 1))
    images = (images + 20 * labels.reshape(-1, 1, 1, 1)).astype(np.uint8)

    def set_seeds(seed):
        random.seed(seed), np.random.seed(seed), tf.random.set_seed(seed)

    def draw():
        drawn = random.random(), np.random.random(), tf.random.uniform(())
        return [float(number) for number in drawn]

    results = []
    for seed in (1, 2):
        set_seeds(seed)
        expected = draw()
        set_seeds(seed)
        results.append(train(images, labels, tmp_path / str(seed)))
        assert draw() == expected
    for first, second in zip(*results, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-5)
