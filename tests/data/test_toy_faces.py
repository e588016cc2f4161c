"""Toy faces: reproducible, independent attributes, true window boxes."""

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

from dcgan_tf.data import toy_faces


def draw(*arguments, **settings):
    """Images, and attributes as columns of one array."""
    images, attributes = toy_faces.make_toy_faces(*arguments, **settings)
    assert tuple(attributes) == toy_faces.ATTRIBUTE_NAMES
    return images, np.stack(list(attributes.values()), axis=-1)


@pytest.fixture(scope="module")
def faces():
    return draw(3_000)


@pytest.mark.parametrize("size", [32, 64])
def test_shapes_and_types(size):
    images, attributes = draw(5, size)
    assert images.shape == (5, size, size, 3) and images.dtype == np.uint8
    assert attributes.shape == (5, len(toy_faces.ATTRIBUTE_NAMES))
    assert attributes.dtype == np.int32
    assert set(np.unique(attributes)) <= {0, 1}


def test_a_face_is_the_same_however_many_are_drawn(faces):
    images, attributes = draw(300)
    np.testing.assert_array_equal(images, faces[0][:300])
    np.testing.assert_array_equal(attributes, faces[1][:300])


def test_other_seed_other_faces(faces):
    images, _ = draw(300, seed=1)
    assert not (images == faces[0][:300]).all((1, 2, 3)).any()


def test_no_two_faces_are_equal(faces):
    assert len(np.unique(faces[0].reshape(len(faces[0]), -1), axis=0)) == 3_000


def test_both_sizes_show_the_same_faces(faces):
    large, attributes = draw(100, 64)
    halved = large.reshape(100, 32, 2, 32, 2, 3).mean((2, 4))
    np.testing.assert_array_equal(attributes, faces[1][:100])
    assert np.abs(halved - faces[0][:100]).mean() < 4


def test_attributes_are_independent_coins(faces):
    attributes = faces[1]
    np.testing.assert_allclose(attributes.mean(0), 0.5, atol=0.04)
    correlations = np.corrcoef(attributes.T) - np.eye(attributes.shape[1])
    assert np.abs(correlations).max() < 0.08


@pytest.mark.parametrize("index", range(7), ids=toy_faces.ATTRIBUTE_NAMES)
def test_even_a_linear_classifier_sees_each_attribute(faces, index):
    pixels = faces[0].reshape(3_000, -1)[:, ::2] / 255.0
    labels = faces[1][:, index]
    classifier = RidgeClassifier(alpha=10).fit(pixels[:2_500], labels[:2_500])
    assert classifier.score(pixels[2_500:], labels[2_500:]) > 0.9


@pytest.mark.parametrize("size", [32, 64])
def test_window_boxes_are_where_the_windows_are(size):
    """Painting the same faces without windows changes the boxes alone."""
    images, attributes = draw(128, size)
    boxes = toy_faces.compute_window_boxes(128, size)
    faces = toy_faces._sample_faces(np.random.default_rng((0, 0)))
    faces["attributes"] = faces["attributes"] * [1, 1, 1, 1, 1, 1, 0]
    changed = (toy_faces._draw(faces, size) != images).any(-1)
    has_window = attributes[:, -1].astype(bool)
    assert not changed[~has_window].any() and not boxes[~has_window].any()
    for change, box in zip(changed[has_window], boxes[has_window], strict=True):
        rows, columns = np.flatnonzero(change.any(1)), change.any(0).nonzero()
        top, left, bottom, right = box
        assert abs(rows.min() - top) <= 1
        assert left - 1 <= np.min(columns) and np.max(columns) < right + 1
        # The side away from the head is never hidden.
        if left < size / 2:
            assert abs(np.min(columns) - left) <= 1
        else:
            assert abs(np.max(columns) + 1 - right) <= 1


@pytest.mark.parametrize("arguments", [(10, 48), (0, 32)])
def test_refuses_other_sizes_and_none(arguments):
    with pytest.raises(ValueError, match="32 or 64|at least 1"):
        toy_faces.make_toy_faces(*arguments)
