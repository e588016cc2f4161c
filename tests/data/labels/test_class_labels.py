"""Classes of images: what is taken for them, and what is refused in words."""

import numpy as np
import pytest

from dcgan_tf.data.labels.class_labels import as_label_array, number_classes

RAGGED = [[0, 1], [2]]


def fail_to_hash():
    raise AssertionError("images are hashed only when that is asked for")


def test_no_labels_are_classes_of_none():
    classes = number_classes(None, 3, ["a"], fail_to_hash)
    assert classes.numbers.tolist() == [-1, -1, -1]
    assert classes.names == () and classes.digest() == ""


def test_labels_are_digested_once():
    calls = []

    def hash_images():
        calls.append(1)
        return iter([7, 8, 9])

    classes = number_classes([0, 1, 0], 3, None, hash_images)
    assert classes.names == ("0", "1") and not calls
    assert classes.digest() == classes.digest() and len(calls) == 1


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (lambda: as_label_array(RAGGED, "one class"), "give one class"),
        (
            lambda: number_classes(RAGGED, 2, None, fail_to_hash),
            "give one integer class for each image",
        ),
    ],
    ids=["as_label_array", "number_classes"],
)
def test_lists_of_several_lengths_are_refused(call, wanted):
    message = f"labels are lists of several lengths; {wanted}"
    with pytest.raises(ValueError, match=f"^{message}$"):
        call()


def test_labels_are_an_array_as_they_are():
    labels = np.array([1, 2])
    assert as_label_array(labels, "") is labels
