"""The paper's two protocols at their real sizes, on generated images."""

import numpy as np
import pytest

from dcgan_tf.evaluation.linear_probe import probe
from dcgan_tf.evaluation.linear_probe.protocols import (
    AUTHORS_C_VALUES,
    PROTOCOLS,
    arrange,
)

# Training and test images of SVHN and of CIFAR-10.
SIZES = {"svhn_1000": (73_257, 26_032), "cifar10": (50_000, 10_000)}
NUM_CLASSES = 10


def make_pictures(count, seed):
    """32x32x3 noise; the first pixels are a little brighter by class."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, NUM_CLASSES, count)
    # A few images many times over: drawing as many takes a minute.
    pictures = rng.integers(0, 200, (500, 32, 32, 3), np.uint8)
    pictures = pictures[rng.integers(0, 500, count)]
    pictures[:, 0, :NUM_CLASSES] = rng.integers(
        0, 200, (count, NUM_CLASSES, 3), np.uint8
    )
    pictures[np.arange(count), 0, labels] += 30
    return pictures, labels


def take_first_pixels(pictures):
    return pictures[:, 0, :NUM_CLASSES].mean(axis=2, dtype=np.float32) / 100


@pytest.fixture
def watch(monkeypatch):
    """Records every draw of labels and every result's accuracies."""
    draws, accuracies = [], []

    def draw_labelled(data, count, seed):
        chosen = real_draw(data, count, seed)
        draws.append((count, seed, chosen))
        return chosen

    def summarise(*arguments):
        accuracies.append(arguments[3])
        return real_summarise(*arguments)

    real_draw, real_summarise = probe.draw_labelled, probe.summarise
    monkeypatch.setattr(probe, "draw_labelled", draw_labelled)
    monkeypatch.setattr(probe, "summarise", summarise)
    return draws, accuracies


def run(name):
    protocol = PROTOCOLS[name]
    num_training, num_test = SIZES[name]
    data = arrange(
        protocol,
        *make_pictures(num_training, 0),
        *make_pictures(num_test, 1),
        seed=0,
    )
    assert data.num_pool == num_training - 10_000
    results = probe.probe_features("some", take_first_pixels, data, protocol)
    for result in results:
        assert (result.num_validation, result.num_test) == (10_000, num_test)
        assert result.C in AUTHORS_C_VALUES
        assert 1.5 / NUM_CLASSES < result.accuracy < 1
    return data, results


def check_draws(draws, data, num_labels, num_validation_draws, num_test_draws):
    """All are class-uniform, out of the pool, and no two the same."""
    mine = [(s, chosen) for count, s, chosen in draws if count == num_labels]
    assert len(mine) == num_validation_draws + num_test_draws
    assert len({seed for seed, _ in mine}) == len(mine)
    assert len({chosen.tobytes() for _, chosen in mine}) == len(mine)
    for _, chosen in mine:
        assert len(set(chosen)) == num_labels
        assert chosen.max() < data.num_pool
        counts = np.bincount(data.labels[chosen])
        assert (counts == num_labels // NUM_CLASSES).all()


def test_svhn_with_1000_labels(watch):
    draws, accuracies = watch
    data, (result,) = run("svhn_1000")
    check_draws(draws, data, 1_000, 10, 100)
    assert (result.num_labels, result.num_draws) == (1_000, 100)
    assert result.std == pytest.approx(1.96 * np.std(accuracies[0], ddof=1))


def test_cifar10_with_400_labels_a_class_and_all(watch):
    draws, accuracies = watch
    data, (few, every) = run("cifar10")
    check_draws(draws, data, 4_000, 5, 5)
    assert (few.num_labels, few.num_draws) == (4_000, 5)
    assert few.std == pytest.approx(np.std(accuracies[0], ddof=1))
    assert (every.num_labels, every.num_draws) == (50_000, 1)
    assert every.std is None
    assert every.accuracy > few.accuracy - 0.02
