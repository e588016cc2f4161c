"""Small trainings are by their seed alone, whatever a program seeded."""

import random

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.analysis.attribute_classifier import train_attribute_classifier
from dcgan_tf.batch_order import draw_batches
from dcgan_tf.config import ModelConfig
from dcgan_tf.data.dedup.codes import train_encoder
from dcgan_tf.evaluation.feature_extractors.classifier import load_classifier
from dcgan_tf.evaluation.linear_probe import supervised
from dcgan_tf.evaluation.linear_probe.protocols import Protocol, arrange
from dcgan_tf.evaluation.linear_probe.supervised import probe_supervised
from dcgan_tf.seeds import LARGEST_SEED


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
    classifier = train_attribute_classifier(32, num_images=150, num_epochs=1)
    return [classifier.compute_logits(np.repeat(images, 3, axis=3))]


def _train_distance_classifier(images, labels, tmp_path):
    # Two batches in each of its epochs.
    few = images[:80], labels[:80]
    extractor = load_classifier(*few, ("a", "b"), 3, tmp_path)
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
