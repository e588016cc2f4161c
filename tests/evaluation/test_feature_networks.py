"""The networks that distances are measured in."""

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.evaluation.feature_extractors import classifier
from dcgan_tf.evaluation.feature_extractors.classifier import load_classifier
from dcgan_tf.evaluation.feature_extractors.feature_extractor import (
    compute_features,
)
from dcgan_tf.evaluation.feature_extractors.inception import load_inception
from dcgan_tf.evaluation.feature_extractors.random import build_random_features

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


def test_random_features_are_a_function_of_the_seed():
    images = np.random.default_rng(0).integers(0, 256, (5, 24, 32, 3), np.uint8)
    first, second, other = (
        compute_features(build_random_features(images.shape[1:], s), images)
        for s in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.features, second.features)
    assert np.abs(first.features - other.features).max() > 0.01
    # Three halvings from 24 to 3; 32 filters, 2x2 each.
    assert first.features.shape == (5, 3 * 32 * 4)
    assert first.probabilities is None


@pytest.fixture(scope="module")
def inception_file(tmp_path_factory):
    """A graph with the names and the resize of the 2015 one, and no more."""
    weights = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    with tf.Graph().as_default() as graph:
        image = tf.compat.v1.placeholder(tf.float32, (8, 8, 3))
        batch = tf.expand_dims(image, 0, name="ExpandDims")
        sized = tf.compat.v1.image.resize_bilinear(batch, (6, 6))
        pooled = tf.nn.avg_pool2d(
            (sized - 128) / 128, 6, 6, "VALID", name="pool_3"
        )
        with tf.name_scope("softmax/logits"):
            flat = tf.reshape(pooled, (1, 3))  # One image only, as there.
            tf.matmul(flat, tf.constant(weights), name="MatMul")
    path = tmp_path_factory.mktemp("inception") / "graph.pb"
    path.write_bytes(graph.as_graph_def().SerializeToString())
    return path, weights


def test_inception_takes_any_size_in_batches(inception_file):
    path, weights = inception_file
    network = load_inception(path)
    levels = np.array([0, 64, 255], np.uint8)
    images = np.broadcast_to(levels, (5, 9, 7, 3)).copy()
    images[1] = 128
    features, probabilities = network.apply(images)
    expected = (levels.astype(np.float32) - 128) / 128
    np.testing.assert_allclose(features[[0, 4]], [expected] * 2, atol=1e-5)
    np.testing.assert_allclose(features[1], 0, atol=1e-5)
    # Without the bias, as published scores are computed.
    scores = np.exp(expected @ weights)
    np.testing.assert_allclose(
        probabilities[0], scores / scores.sum(), rtol=1e-4
    )
    grey = network.apply(images[..., :1])[0]
    np.testing.assert_allclose(grey[0], expected[[0, 0, 0]], atol=1e-5)


def test_inception_says_which_file_it_wants(tmp_path):
    with pytest.raises(FileNotFoundError, match="classify_image_graph_def"):
        load_inception(tmp_path / "missing.pb")
    (tmp_path / "text.pb").write_text("not a graph")
    with pytest.raises(ValueError, match="classify_image_graph_def"):
        load_inception(tmp_path / "text.pb")
    (tmp_path / "empty.pb").write_bytes(b"")
    with pytest.raises(ValueError, match="ExpandDims.*pool_3"):
        load_inception(tmp_path / "empty.pb")
