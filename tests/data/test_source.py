"""A source of arrays: what is left out, positions and names."""

import numpy as np
import tensorflow as tf

from dcgan_tf.data.source import build_array_source

IMAGES = np.arange(5 * 4, dtype=np.uint8).reshape(5, 2, 2, 1)
LABELS = np.array([0, 1, 2, 1, 0])


def build(**options):
    return build_array_source("shapes", "train", IMAGES, LABELS, **options)


def test_what_is_left_out_shifts_the_positions():
    source = build(image_names=list("abcde"), positions=[0, 2, 4])
    assert source.num_examples == 3
    assert [source.name_of(i) for i in range(3)] == ["a", "c", "e"]
    pairs = list(source.read_all().as_numpy_iterator())
    np.testing.assert_array_equal([p[0] for p in pairs], IMAGES[[0, 2, 4]])
    assert [int(label) for _, label in pairs] == [0, 2, 0]


def test_positions_are_read_in_the_order_that_is_asked_for():
    positions = tf.data.Dataset.from_tensor_slices(
        np.array([4, 0, 4], np.int64)
    )
    pairs = list(build().read(positions).as_numpy_iterator())
    np.testing.assert_array_equal([p[0] for p in pairs], IMAGES[[4, 0, 4]])
    spec, label = build().read(positions).element_spec
    # Known to graphs that are built of it.
    assert spec.shape == (2, 2, 1) and label.shape == ()
    assert label.dtype == tf.int32


def test_names_are_positions_unless_there_are_others():
    assert build().name_of(3) == "3"
    assert build(positions=[1, 2, 3, 4]).name_of(0) == "1"


def test_classes_and_attributes_are_told_apart():
    assert not build().has_labels
    classes = build(label_names=("a", "b", "c"))
    assert classes.num_classes == 3 and classes.has_labels
    attributes = build_array_source(
        "shapes", "train", IMAGES, np.eye(5, 2), attribute_names=("x", "y")
    )
    assert attributes.num_classes == 0 and attributes.has_labels
    ((_, label), *_) = attributes.read_all().as_numpy_iterator()
    assert label.tolist() == [1, 0]
