"""Files decoded in a graph are what the folder's decoder makes of them."""

import io
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

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


def write_grey_png(levels, bits, transparent):
    """Writes levels `(height, width)` of so many bits, and one's chunk."""
    height, width = levels.shape
    digits = np.unpackbits(levels[..., None], axis=-1)[..., 8 - bits :]
    packed = np.packbits(digits.reshape(height, -1), axis=-1)
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0),
        b"tRNS": struct.pack(">H", transparent),
        b"IDAT": zlib.compress(b"".join(b"\0" + bytes(row) for row in packed)),
        b"IEND": b"",
    }
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + name
        + data
        + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks.items()
    )


@pytest.mark.parametrize(
    ("bits", "transparent"),
    [
        *((1, level) for level in range(2)),
        *((2, level) for level in range(4)),
        *((4, level) for level in range(16)),
        *((8, level) for level in (0, 1, 15, 85, 128, 254, 255)),
        # The lower bits count.
        (2, 4),
        (2, 2**16 - 1),
        (4, 16 + 3),
        (8, 256 + 9),
    ],
)
@pytest.mark.parametrize("width", [5, 16])
def test_the_grey_that_is_transparent_is_so_in_training_too(
    bits, transparent, width
):
    levels = np.resize(np.arange(2**bits, dtype=np.uint8), (20, width))
    levels[0] = np.uint8(transparent % 2**bits)
    contents = write_grey_png(levels, bits, transparent)
    kept = decode_file(io.BytesIO(contents), "red", alpha=True)
    is_clear = levels == transparent % 2**bits
    grey = levels.astype(int) * 255 // (2**bits - 1)
    np.testing.assert_array_equal(kept[..., 3], np.where(is_clear, 0, 255))
    np.testing.assert_array_equal(kept[..., 0], grey)
    np.testing.assert_array_equal(
        decode_image_bytes(tf.constant(contents), 4, "red"), kept
    )
    laid = decode_file(io.BytesIO(contents), "red")
    assert (laid[is_clear] == (255, 0, 0)).all()
    np.testing.assert_array_equal(laid[~is_clear, 1], grey[~is_clear])
    np.testing.assert_array_equal(
        decode_image_bytes(tf.constant(contents), 3, "red"), laid
    )


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(
    ("quality", "subsampling", "progressive"),
    [(95, 0, False), (60, 2, False), (90, 2, True)],
)
@pytest.mark.parametrize("adobe", ["none", "CMYK", "YCCK"])
def test_ink_is_taken_as_in_training(
    adobe, quality, subsampling, progressive, channels
):
    """Whether Adobe's segment says so, or a file has none."""
    ink = np.random.default_rng(0).integers(0, 256, (5, 6, 4), np.uint8)
    image = Image.fromarray(ink, "CMYK").resize((29, 21), 2)
    file = io.BytesIO()
    image.save(
        file, "JPEG", quality=quality, subsampling=subsampling,
        progressive=progressive,
    )  # fmt: skip
    contents = file.getvalue()
    start = contents.index(b"\xff\xee\x00\x0eAdobe")
    end = start + 16
    if adobe == "none":
        contents = contents[:start] + contents[end:]
    elif adobe == "YCCK":
        contents = contents[: end - 1] + b"\x02" + contents[end:]
    assert (b"Adobe" in contents) == (adobe != "none")
    decoded = decode_image_bytes(tf.constant(contents), channels, "red")
    expected = decode_file(io.BytesIO(contents), "red", alpha=channels == 4)
    assert expected.std() > 10
    expected = convert_channels(tf.constant(expected), channels)
    # Ink becomes light in other roundings.
    np.testing.assert_allclose(np.int32(decoded), np.int32(expected), atol=1)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("extra", [{}, {"icc_profile": b"tRNS" * 9}])
@pytest.mark.parametrize("kind", ["all", "first", "none"])
@pytest.mark.parametrize(
    ("bits", "opacity"),
    [
        *((1, opacity) for opacity in (0, 1, 2, 255)),
        *((2, opacity) for opacity in (1, 3, 128)),
        *((4, opacity) for opacity in (0, 15, 254)),
        *((8, opacity) for opacity in (0, 15, 255)),
    ],
)
def test_a_palettes_opacity_is_its_own(bits, opacity, kind, extra, channels):
    """Where it is, of all colours, what a decoder adds as opaque too."""
    num_colours = 2**bits
    levels = np.arange(16 * 20).reshape(16, 20) % num_colours
    image = Image.fromarray(levels.astype(np.uint8), "P")
    colours = np.random.default_rng(1).integers(0, 256, 3 * num_colours)
    image.putpalette(colours.astype(np.uint8).tobytes())
    count = {"all": num_colours, "first": num_colours // 2, "none": 0}[kind]
    if count:
        extra = {**extra, "transparency": bytes([opacity] * count)}
    file = io.BytesIO()
    image.save(file, "PNG", bits=bits, **extra)
    contents = file.getvalue()
    assert contents[24:26] == bytes([bits, 3])
    expected = decode_file(io.BytesIO(contents), "red", alpha=channels == 4)
    expected = convert_channels(tf.constant(expected), channels)
    decoded = decode_image_bytes(tf.constant(contents), channels, "red")
    # Pillow lays colours over each other in other roundings.
    np.testing.assert_allclose(np.int32(decoded), np.int32(expected), atol=1)
