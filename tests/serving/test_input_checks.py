"""Signatures' inputs, checked inside graphs as servers run them."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from dcgan_tf.serving import input_checks


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_batch_of_any_size_keeps_its_shapes(count):
    @tf.function
    def apply(rows, numbers):
        def function(rows, numbers):
            tf.debugging.assert_positive(tf.shape(rows)[0])
            return {"sum": rows + 1.0, "number": numbers}

        return input_checks.apply_to_batch(function, rows, numbers)

    rows = np.ones((count, 2, 3), np.float32)
    outputs = apply(rows, np.arange(count, dtype=np.int32))
    np.testing.assert_array_equal(outputs["sum"], rows + 1)
    np.testing.assert_array_equal(outputs["number"], np.arange(count))


@pytest.mark.parametrize(
    ("labels", "is_good"),
    [([0, 2], True), ([], True), ([3], False), ([-1], False)],
)
def test_labels_are_classes(labels, is_good):
    @tf.function
    def check(labels):
        input_checks.check_labels(labels, 3)

    labels = tf.constant(labels, tf.int32)
    if is_good:
        check(labels)
    else:
        with pytest.raises(tf.errors.InvalidArgumentError, match="0 to 2"):
            check(labels)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_labels_are_one_for_each_row(count):
    @tf.function
    def check(labels):
        return input_checks.check_counts(labels, tf.zeros((2, 5)), "latent")

    labels = tf.range(count)
    if count == 2:
        np.testing.assert_array_equal(check(labels), labels)
    else:
        message = "one for each latent"
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            check(labels)


@pytest.mark.parametrize(
    ("value", "is_good"),
    [(1.0, True), (-1.5, True), (np.nan, True), (1.51, False), (-255, False)],
)
def test_images_are_no_bytes(value, is_good):
    check = tf.function(input_checks.check_unit_range)
    images = tf.fill((1, 2, 2, 1), tf.cast(value, tf.float32))
    if is_good:
        np.testing.assert_array_equal(check(images), images)
    else:
        message = "must be in .-1, 1."
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            check(images)


def encode(kind, size=(4, 4)):
    contents = io.BytesIO()
    Image.new("RGB", size).save(contents, kind)
    return contents.getvalue()


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (encode("PNG"), None),
        (encode("JPEG"), None),
        (encode("GIF"), "not a whole JPEG or PNG"),
        (encode("PNG")[:20], "not a whole JPEG or PNG"),
        (b"", "not a whole JPEG or PNG"),
        (encode("PNG", (8193, 4097)), "pixels"),
        (encode("JPEG", (8193, 4097)), "pixels"),
    ],
    ids=["png", "jpeg", "gif", "cut", "empty", "large png", "large jpeg"],
)
def test_pictures_are_looked_at_before_they_are_decoded(contents, message):
    @tf.function
    def check(contents):
        with tf.control_dependencies([input_checks.check_image_file(contents)]):
            return tf.identity(contents)

    if message is None:
        assert check(contents).numpy() == contents
    else:
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            check(contents)
