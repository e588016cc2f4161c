"""Checks of signatures' inputs, and batches without images.

Servers compare inputs with a signature's names and types, not with its shapes
or the values that they are to have.
"""

from collections.abc import Callable

import tensorflow as tf

from dcgan_tf.images import MAX_UNIT_VALUE

# An image of some kilobytes can claim a size that fills the memory.
MAX_IMAGE_PIXELS = 2**25
# Networks are trained on [-1, 1]. Of numbers as large as float32 has, sums
# overflow, and ReLUs may make of these images that look like any other.
MAX_LATENT = 1e6
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_SIZE_AT, _PNG_SIZE_BYTES = 16, 8


def apply_to_batch(function: Callable, *inputs: tf.Tensor):
    """Applies a network to a batch that may be empty.

    Kernels give an empty batch other shapes than a full one, or fail; so it
    passes as a batch of a row that is then left out.

    Args:
        function: From tensors to a tensor or a dict of them, the first axis
            of each the batch.
        *inputs: `(batch, ...)`.

    Returns:
        What `function` gives, `(batch, ...)`.
    """
    count = tf.shape(inputs[0])[0]
    num_padded = tf.cast(tf.equal(count, 0), tf.int32)
    padded = [
        tf.pad(values, [[0, num_padded]] + [[0, 0]] * (values.shape.rank - 1))
        for values in inputs
    ]
    outputs = function(*padded)
    return tf.nest.map_structure(lambda values: values[:count], outputs)


def check_labels(labels: tf.Tensor, num_classes: int) -> None:
    """Refuses a label out of range, which would draw as no class at all."""
    message = f"labels must be from 0 to {num_classes - 1}"
    tf.debugging.assert_non_negative(labels, message)
    tf.debugging.assert_less(labels, num_classes, message)


def check_counts(
    labels: tf.Tensor, others: tf.Tensor, of_what: str
) -> tf.Tensor:
    """Returns labels, one for each row of `others` or refused."""
    counts = tf.shape(labels)[0], tf.shape(others)[0]
    check = tf.debugging.Assert(
        tf.equal(*counts),
        [f"labels must be one for each {of_what}; counts:", *counts],
    )
    with tf.control_dependencies([check]):
        return tf.identity(labels)


def check_latents(latents: tf.Tensor) -> tf.Tensor:
    """Returns latents, refused where sums of them would overflow."""
    return _check_largest(
        latents, MAX_LATENT, "latents must be drawn from [-1, 1]"
    )


def check_unit_range(images: tf.Tensor) -> tf.Tensor:
    """Returns images, refused where they are bytes rather than in [-1, 1]."""
    return _check_largest(
        images,
        MAX_UNIT_VALUE,
        "images must be in [-1, 1] (bytes / 127.5 - 1)",
    )


def _check_largest(values: tf.Tensor, bound: float, message: str) -> tf.Tensor:
    largest = tf.reduce_max(tf.abs(values))
    # Not a number passes here and is refused by its own check.
    check = tf.debugging.Assert(
        tf.math.is_nan(largest) | (largest <= bound),
        [f"{message}; the largest absolute value is", largest],
    )
    with tf.control_dependencies([check]):
        return tf.identity(values)


def check_image_file(contents: tf.Tensor) -> tf.Operation:
    """Refuses what is no JPEG or PNG, empty or too large, before decoding."""
    start = tf.strings.substr(contents, 0, len(_PNG_START))
    # NumPy's behaviour of tensors, which a program may have turned on, has no
    # `==` of strings.
    is_png = tf.equal(start, _PNG_START)
    is_png &= tf.strings.length(contents) >= _PNG_SIZE_AT + _PNG_SIZE_BYTES
    is_jpeg = tf.io.is_jpeg(contents)
    check_kind = tf.debugging.Assert(
        is_png | is_jpeg, ["image_bytes are not a whole JPEG or PNG file"]
    )
    with tf.control_dependencies([check_kind]):
        contents = tf.identity(contents)

    def read_png_size():
        # Width and height, big-endian, follow the name of the first chunk.
        numbers = tf.strings.substr(contents, _PNG_SIZE_AT, _PNG_SIZE_BYTES)
        sizes = tf.io.decode_raw(numbers, tf.int32, little_endian=False)
        # They have no sign, and no type of TensorFlow's that is read so.
        return tf.cast(tf.bitcast(sizes, tf.uint32), tf.int64)

    def read_jpeg_size():
        return tf.io.extract_jpeg_shape(contents, tf.int64)[:2]

    size = tf.cond(is_jpeg, read_jpeg_size, read_png_size)
    check_pixels = tf.debugging.Assert(
        tf.reduce_min(size) > 0, ["image_bytes hold no pixels; sides:", size]
    )
    with tf.control_dependencies([check_pixels]):
        size = tf.identity(size)
    # No side may be so large that their product overflows.
    is_small = tf.reduce_max(size) <= MAX_IMAGE_PIXELS
    return tf.debugging.Assert(
        is_small & (tf.reduce_prod(size) <= MAX_IMAGE_PIXELS),
        [f"image_bytes hold over {MAX_IMAGE_PIXELS} pixels; sides:", size],
    )
