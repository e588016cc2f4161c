"""Files decoded in a graph are what the folder's decoder makes of them."""

import io

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.data.files.decoding import decode_file
from dcgan_tf.data.files.level_range import UPPER_BYTE
from dcgan_tf.data.preprocess.colours import convert_channels
from dcgan_tf.data.preprocess.graph_decoding import decode_image_bytes


@pytest.mark.parametrize("num_channels", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(
    ("level_range", "used"),
    [
        ((5, 4_096), (5, 4_096)),
        ((0, 2**16), UPPER_BYTE),
        (None, UPPER_BYTE),
        # Of an array of reals, which no PNG file holds.
        ((0.0, 1.0), UPPER_BYTE),
    ],
)
def test_png_of_16_bits_is_scaled_as_in_training(
    num_channels, channels, level_range, used
):
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 4_200, (6, 4, num_channels), np.uint16)
    if num_channels in (2, 4):
        levels[..., -1] *= 15
    png = tf.io.encode_png(levels)
    decoded = decode_image_bytes(png, channels, "red", level_range)
    expected = decode_file(
        io.BytesIO(png.numpy()),
        "red",
        level_range=used,
        alpha=channels == 4,
    )
    expected = convert_channels(tf.constant(expected), channels, "red")
    # Pillow lays colours over each other in other roundings than training.
    np.testing.assert_allclose(
        np.int32(decoded), np.int32(expected), atol=num_channels in (2, 4)
    )


@pytest.mark.parametrize("level_range", [None, (5, 4_096)])
def test_png_of_8_bits_knows_no_range(level_range):
    levels = np.arange(72, dtype=np.uint8).reshape(6, 4, 3)
    png = tf.io.encode_png(levels)
    decoded = decode_image_bytes(png, 3, "white", level_range)
    np.testing.assert_array_equal(decoded, levels)
