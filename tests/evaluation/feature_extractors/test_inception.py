"""Inception of 2015, from a file that the user has."""

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.evaluation.feature_extractors.inception import load_inception


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
