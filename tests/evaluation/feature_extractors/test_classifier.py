"""The classifier that distances are measured in."""

import numpy as np
import pytest

from dcgan_tf.evaluation.feature_extractors import classifier
from dcgan_tf.evaluation.feature_extractors.classifier import load_classifier
from dcgan_tf.evaluation.feature_extractors.feature_extractor import (
    compute_features,
)

NAMES = ("dark", "light")


def make_images(count, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count).astype(np.int32)
    images = rng.integers(0, 100, (count, 16, 16, 1)) + 60 * labels.reshape(
        -1, 1, 1, 1
    )
    return images.astype(np.uint8), labels


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("home") / "not" / "there"


@pytest.fixture(scope="module")
def trained(cache_dir):
    return load_classifier(
        *make_images(128, 0), NAMES, 0, cache_dir, make_images(50, 1)
    )


def test_the_classifier_learns_its_labels(trained):
    images, labels = make_images(300, 2)  # More than one batch.
    seen = compute_features(trained, images)
    assert seen.features.shape == (300, 128)
    assert seen.pixels.shape == (300, 256)
    assert seen.pixels.min() >= -1 and seen.pixels.max() <= 1
    np.testing.assert_allclose(seen.probabilities.sum(1), 1, atol=1e-5)
    assert (seen.probabilities.argmax(1) == labels).mean() > 0.95
    assert "of 50 held out" in trained.description


def test_a_kept_classifier_is_loaded_not_trained(
    trained, cache_dir, monkeypatch
):
    def refuse(*args):
        raise AssertionError("trained again")

    monkeypatch.setattr(classifier, "_train", refuse)
    images, labels = make_images(128, 0)
    again = load_classifier(images, labels, NAMES, 0, cache_dir)
    np.testing.assert_array_equal(
        again.apply(images)[0], trained.apply(images)[0]
    )
    # Other data or another seed is another classifier.
    for data, seed in (((images, 1 - labels), 0), ((images, labels), 1)):
        with pytest.raises(AssertionError, match="trained again"):
            load_classifier(*data, NAMES, seed, cache_dir)


def test_a_damaged_or_unwritable_cache_costs_only_time(
    trained, tmp_path, caplog, monkeypatch
):
    images, labels = make_images(128, 0)
    key = classifier._compute_key(images, labels, 0)
    (tmp_path / f"classifier-{key}.npz").write_bytes(b"PK\x03\x04 no archive")
    monkeypatch.setattr(classifier, "_train", lambda *args: None)
    load_classifier(images, labels, NAMES, 0, tmp_path)
    assert "training anew" in caplog.text
    (tmp_path / "file").touch()
    load_classifier(images, labels, NAMES, 0, tmp_path / "file")
    assert "can't be kept" in caplog.text


def test_attributes_are_no_classes(tmp_path):
    images, _ = make_images(8, 0)
    with pytest.raises(ValueError, match="one class an image"):
        load_classifier(images, np.zeros((8, 3), int), NAMES, 0, tmp_path)
