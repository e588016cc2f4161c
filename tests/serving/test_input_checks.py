"""Signatures' inputs, checked inside graphs as servers run them."""

import io
import struct

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


UNIT = (input_checks.check_unit_range, (1, 2, 2, 1), "must be in .-1, 1.")
DRAWN = (input_checks.check_latents, (1, 5), "must be drawn from .-1, 1.")


@pytest.mark.parametrize(
    ("kind", "value", "is_good"),
    [
        (UNIT, 1.0, True),
        (UNIT, -1.5, True),
        (UNIT, np.nan, True),
        (UNIT, 1.51, False),
        (UNIT, -255, False),
        (DRAWN, 1.0, True),
        (DRAWN, -1e6, True),
        (DRAWN, np.nan, True),
        (DRAWN, 1.1e6, False),
        (DRAWN, -3e38, False),
    ],
)
def test_images_are_no_bytes_and_latents_not_huge(kind, value, is_good):
    check, shape, message = kind
    check = tf.function(check)
    values = tf.fill(shape, tf.cast(value, tf.float32))
    if is_good:
        np.testing.assert_array_equal(check(values), values)
    else:
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            check(values)


def encode(kind, size=(4, 4)):
    contents = io.BytesIO()
    Image.new("RGB", size).save(contents, kind)
    return contents.getvalue()


def claim(kind, height, width):
    """An image's file with another size in it."""
    contents = encode(kind, (5, 6))
    order, sides = (">II", (width, height))
    size = struct.pack(">II", 5, 6)
    if kind == "JPEG":
        order, sides = (">HH", (height, width))
        size = struct.pack(">HH", 6, 5)
    assert contents.count(size) == 1
    return contents.replace(size, struct.pack(order, *sides))


OVER = "hold over 33554432 pixels"
EMPTY = "hold no pixels"


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (encode("PNG"), None),
        (encode("JPEG"), None),
        (encode("GIF"), "not a whole JPEG or PNG"),
        (encode("PNG")[:20], "not a whole JPEG or PNG"),
        (b"", "not a whole JPEG or PNG"),
        (encode("PNG", (8193, 4097)), OVER),
        (encode("JPEG", (8193, 4097)), OVER),
        (claim("PNG", 4096, 8192), None),
        (claim("PNG", 1, 2**25), None),
        (claim("PNG", 1, 2**25 + 1), r"over 33554432 pixels.*33554433 1\]"),
        (claim("PNG", 5, 0), r"hold no pixels; sides:. \[0 5\]"),
        (claim("PNG", 0, 5), EMPTY),
        (claim("PNG", 0, 0), EMPTY),
        (claim("PNG", 0, 2**32 - 1), EMPTY),
        (claim("PNG", 2**31, 2**31), r"over 33554432.*2147483648 2147483648\]"),
        (claim("PNG", 2**32 - 1, 1), OVER),
        (claim("PNG", 2**32 - 1, 2**32 - 1), OVER),
        (claim("JPEG", 2**15, 2**10), None),
        (claim("JPEG", 2**16 - 100, 2**10), OVER),
        (claim("JPEG", 6, 0), "(?i)empty|no pixels|jpeg"),
    ],
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
