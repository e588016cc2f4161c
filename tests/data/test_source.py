"""A source of arrays: what is left out, positions, names and classes."""

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.config import DataConfig
from dcgan_tf.data.given.arrays import open_arrays
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.source import build_array_source, match_classes
from dcgan_tf.images import save_png

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


def make_held_out(tmp_path, kind, names):
    """Images of several classes in a folder, in a file or in a program."""
    if kind == "folder":
        for name in names:
            save_png(tmp_path / name / "0.png", np.zeros((16, 16, 3), np.uint8))
        return load_source(
            DataConfig("image_folder", image_dir=str(tmp_path)), "all"
        )
    images = np.zeros((len(names), 16, 16, 3), np.uint8)
    if kind == "given":
        return open_arrays(images, np.arange(len(names)), split="held_out")
    path = tmp_path / "a.npz"
    arrays = {"y": np.array(names, int)} if kind == "numbers" else {
        "y": np.arange(len(names)), "names": np.array(names)
    }  # fmt: skip
    np.savez(path, x=images, **arrays)
    return load_source(DataConfig("image_folder", image_dir=str(path)), "all")


TEXTS, NUMBERS = ("a", "b"), ("1", "10", "2")


@pytest.mark.parametrize(
    ("kind", "own", "wanted", "expected"),
    [
        ("folder", ("a", "b"), TEXTS, (0, 1)),
        ("folder", ("b", "c"), ("a", "b", "c"), (1, 2)),
        ("folder", ("a", "c"), TEXTS, None),
        # A folder's classes have names, of whatever letters.
        ("folder", ("0", "1"), TEXTS, None),
        ("folder", ("0", "1", "2"), NUMBERS, None),
        ("folder", ("1", "2"), NUMBERS, (0, 2)),
        ("texts", ("a", "b"), TEXTS, (0, 1)),
        ("texts", ("b", "c"), TEXTS, None),
        # What is a number alone is one of the run's, unless it is a name.
        *(
            row
            for kind in ("given", "numbers")
            for row in [
                (kind, ("0", "1"), TEXTS, (0, 1)),
                (kind, ("0", "1", "2"), TEXTS, None),
                (kind, ("0", "1", "2"), NUMBERS, None),
                (kind, ("0", "1"), ("0", "1", "2"), (0, 1)),
            ]
        ),
        ("numbers", ("1", "2"), NUMBERS, (0, 2)),
        ("numbers", ("1", "2"), TEXTS, None),
    ],
)
def test_held_out_classes_are_those_of_the_run(
    tmp_path, kind, own, wanted, expected
):
    held_out = make_held_out(tmp_path, kind, own)
    assert held_out.label_names == own
    training = build(label_names=wanted)
    found = match_classes(held_out, training)
    if expected is None:
        assert found.label_names == ()
        return
    assert found.label_names == wanted
    pairs = found.read_all().as_numpy_iterator()
    assert sorted(int(label) for _, label in pairs) == list(expected)
