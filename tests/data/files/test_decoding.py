"""Image files of every kind become upright RGB, or an error that says why."""

import base64
import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from dcgan_tf.cli import data as data_command
from dcgan_tf.data.files.decoding import (
    MAX_PIXELS,
    UnreadableError,
    count_pages,
    decode_file,
    decode_levels,
    keeps_upper_byte,
)
from dcgan_tf.data.files.level_range import UPPER_BYTE

RED, GREEN, BLUE = (250, 10, 10), (10, 240, 10), (10, 10, 245)


def make_picture(width=24, height=16):
    """Red top left, green top right, blue below: its turn is plain to see."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[:] = BLUE
    pixels[: height // 2, : width // 2] = RED
    pixels[: height // 2, width // 2 :] = GREEN
    return Image.fromarray(pixels)


def assert_upright(pixels, tolerance=0):
    assert pixels.shape == (16, 24, 3)
    assert pixels.dtype == np.uint8
    for place, colour in (((3, 3), RED), ((3, 20), GREEN), ((12, 12), BLUE)):
        difference = pixels[place].astype(int) - colour
        assert np.abs(difference).max() <= tolerance


@pytest.mark.parametrize(
    ("name", "options", "tolerance"),
    [
        ("a.png", {}, 0),
        ("a.bmp", {}, 0),
        ("a.gif", {}, 0),
        ("a.webp", {"lossless": True}, 0),
        ("a.jpg", {"quality": 95}, 8),
        ("a.tif", {}, 0),
        ("a.tif", {"compression": "tiff_lzw"}, 0),
        ("a.avif", {"quality": 95}, 12),
        ("a.jp2", {}, 0),
        ("a.j2k", {"no_jp2": True}, 0),
        ("no_suffix", {"format": "PNG"}, 0),
        ("wrong_suffix.jpg", {"format": "PNG"}, 0),
    ],
)
def test_formats(tmp_path, name, options, tolerance):
    make_picture().save(tmp_path / name, **options)
    assert_upright(decode_file(tmp_path / name, "white"), tolerance)


def test_palette(tmp_path):
    make_picture().quantize(8).save(tmp_path / "a.png")
    assert_upright(decode_file(tmp_path / "a.png", "white"))


def test_cmyk_jpeg(tmp_path):
    make_picture().convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    assert_upright(decode_file(tmp_path / "a.jpg", "white"), 12)


@pytest.mark.parametrize("mode", ["L", "1", "LA"])
def test_grey(tmp_path, mode):
    Image.new("L", (5, 4), 255).convert(mode).save(tmp_path / "a.png")
    assert (decode_file(tmp_path / "a.png", "black") == 255).all()


@pytest.mark.parametrize("suffix", ["jpg", "tif", "avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, orientation, suffix):
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = make_picture()
    if orientation in turns:
        image = image.transpose(turns[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"subsampling": 0} if suffix == "jpg" else {}
    path = tmp_path / f"a.{suffix}"
    image.save(path, exif=exif, quality=95, **options)
    assert_upright(decode_file(path, "white"), 20)


def test_broken_exif_does_not_spoil_an_image(tmp_path):
    make_picture().save(
        tmp_path / "a.jpg", exif=b"Exif\x00\x00" + b"\xff" * 40, quality=95
    )
    assert_upright(decode_file(tmp_path / "a.jpg", "white"), 8)


def test_16_bits_keep_the_upper_8(tmp_path):
    levels = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1024 + 200
    Image.fromarray(levels).save(tmp_path / "a.png")
    decoded = decode_file(tmp_path / "a.png", "white")
    np.testing.assert_array_equal(decoded[..., 1], levels >> 8)


def write_deep_png(path, pixels, **chunks):
    """Writes uint16 `(height, width, channels)`, which Pillow can't."""
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[pixels.shape[2]]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    height, width = pixels.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    parts = {"IHDR": header, **chunks, "IDAT": zlib.compress(rows), "IEND": b""}
    contents = b"\x89PNG\r\n\x1a\n"
    for name, data in parts.items():
        body = name.encode() + data
        contents += struct.pack(">I", len(data)) + body
        contents += struct.pack(">I", zlib.crc32(body))
    path.write_bytes(contents)


def draw_levels(num_channels):
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 2**12, (6, 4, num_channels), np.uint16)
    if num_channels in (2, 4):
        levels[..., -1] = 2**16 - 1
    return levels


@pytest.mark.parametrize("num_channels", [2, 3, 4])
@pytest.mark.parametrize(
    "level_range, shift", [((0, 2**12), 4), ((0, 2**16), 8)]
)
def test_colour_of_16_bits_in_png_by_a_range(
    tmp_path, num_channels, level_range, shift
):
    levels = draw_levels(num_channels)
    write_deep_png(tmp_path / "a.png", levels)
    path = tmp_path / "a.png"
    wanted = np.broadcast_to(
        levels[..., : 1 if num_channels == 2 else 3], (6, 4, 3)
    )
    np.testing.assert_array_equal(decode_levels(path), wanted)
    decoded = decode_file(path, "red", level_range=level_range)
    np.testing.assert_array_equal(decoded, wanted >> shift)
    if level_range == UPPER_BYTE:  # As Pillow has it, and 0.1.0 had.
        with Image.open(path) as image:
            np.testing.assert_array_equal(decoded, image.convert("RGB"))


def test_colour_of_16_bits_keeps_its_transparency_and_turn(tmp_path):
    levels = draw_levels(4)
    levels[:3, :, 3] = 0
    write_deep_png(tmp_path / "a.png", levels)
    decoded = decode_file(tmp_path / "a.png", "red", alpha=True)
    np.testing.assert_array_equal(decoded[..., 3], levels[..., 3] >> 8)
    laid = decode_file(tmp_path / "a.png", "red")
    assert (laid[:3] == (255, 0, 0)).all() and (laid[3:, :, 0] < 255).all()
    exif = Image.Exif()
    exif[0x0112] = 6
    chunks = {"eXIf": exif.tobytes().removeprefix(b"Exif\0\0")}
    write_deep_png(tmp_path / "b.png", levels[..., :3], **chunks)
    turned = decode_file(tmp_path / "b.png", "red")
    np.testing.assert_array_equal(turned, np.rot90(levels[..., :3] >> 8, -1))
    key = struct.pack(">HHH", *levels[0, 0, :3])
    write_deep_png(tmp_path / "c.png", levels[..., :3], tRNS=key)
    keyed = decode_file(tmp_path / "c.png", "red")
    assert (keyed[0, 0] == (255, 0, 0)).all() and (keyed[1] < 16).all()


def test_broken_colour_of_16_bits_is_unreadable(tmp_path):
    write_deep_png(tmp_path / "a.png", draw_levels(3))
    contents = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(contents[:-60])
    with pytest.raises(UnreadableError, match="^broken or truncated PNG data$"):
        decode_file(tmp_path / "a.png", "red")


@pytest.mark.parametrize("mode", ["I;16", "RGB"])
def test_the_level_that_is_transparent_of_16_bits(tmp_path, mode):
    levels = np.full((6, 4, 3 if mode == "RGB" else 1), 40_000, np.uint16)
    levels[:2] = 500
    key = struct.pack(f">{levels.shape[-1]}H", *levels[0, 0])
    write_deep_png(tmp_path / "a.png", levels, tRNS=key)
    laid = decode_file(tmp_path / "a.png", "red")
    assert (laid[:2] == (255, 0, 0)).all() and (laid[2:] == 156).all()
    kept = decode_file(tmp_path / "a.png", "red", alpha=True)
    assert (kept[:2, :, 3] == 0).all() and (kept[2:, :, 3] == 255).all()


def make_deep_tiff(pixels, planar, order):
    """Makes uint16 `(height, width, 3)` a TIFF file, which Pillow can't."""
    height, width, count = pixels.shape
    planes = pixels.astype(f"{order}u2")
    planes = list(planes.transpose(2, 0, 1)) if planar else [planes]
    # 10 tags of 12 bytes, then what doesn't fit into them.
    bits_at = 8 + 2 + 10 * 12 + 4
    places_at = bits_at + 2 * count
    pixels_at = places_at + 8 * len(planes)
    size = planes[0].nbytes
    places = [pixels_at + size * i for i in range(len(planes))]
    lists = (places_at, places_at + 4 * len(planes))
    if not planar:
        lists = (places[0], size)
    tags = (
        (256, 1, width), (257, 1, height), (258, count, bits_at), (259, 1, 1),
        (262, 1, 2), (273, len(planes), lists[0]), (277, 1, count),
        (278, 1, height), (279, len(planes), lists[1]),
        (284, 1, 2 if planar else 1),
    )  # fmt: skip
    start = {"<": b"II*\0", ">": b"MM\0*"}[order]
    start += struct.pack(f"{order}IH", 8, len(tags))
    for tag, number, value in tags:
        kind = 3 if tag == 258 else 4
        start += struct.pack(f"{order}HHII", tag, kind, number, value)
    numbers = [16] * count, places, [size] * len(planes)
    start += struct.pack(
        f"{order}I{count}H{2 * len(planes)}I", 0, *sum(numbers, [])
    )
    return start + b"".join(plane.tobytes() for plane in planes)


def make_deep_jpeg_2000(mode, **options):
    """Makes one that says that its channels have 16 bits."""
    contents = io.BytesIO()
    image = make_picture().convert(mode)
    image.save(contents, "JPEG2000", **options)
    contents = bytearray(contents.getvalue())
    sizes = contents.index(b"\xff\x4f\xff\x51") + 4
    for channel in range(len(mode)):
        contents[sizes + 38 + 3 * channel] = 15
    return bytes(contents)


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_colour_of_16_bits_in_tiff_by_its_upper_8(planar, order):
    """Of channels beside each other, and one after the other."""
    levels = np.random.default_rng(0).integers(0, 2**16, (6, 5, 3), np.uint16)
    contents = make_deep_tiff(levels, planar, order)
    assert keeps_upper_byte(io.BytesIO(contents))
    decoded = decode_file(io.BytesIO(contents), "white")
    np.testing.assert_array_equal(decoded, levels >> 8)


@pytest.mark.parametrize("options", [{}, {"no_jp2": True}])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_colour_of_16_bits_in_jpeg_2000_is_noticed(mode, options):
    contents = make_deep_jpeg_2000(mode, **options)
    assert keeps_upper_byte(io.BytesIO(contents))


@pytest.mark.parametrize(
    ("mode", "file_format"),
    [
        ("RGB", "JPEG2000"), ("L", "JPEG2000"), ("I;16", "JPEG2000"),
        ("RGB", "TIFF"), ("CMYK", "TIFF"), ("I;16", "TIFF"), ("RGB", "AVIF"),
        ("RGB", "JPEG"),
    ],
)  # fmt: skip
def test_no_bits_are_lost_of_8_or_of_grey(mode, file_format):
    image, contents = Image.new("I;16", (8, 8), 300), io.BytesIO()
    if mode != "I;16":
        image = make_picture().convert(mode)
    image.save(contents, file_format)
    contents.seek(0)
    assert not keeps_upper_byte(contents)


# Ten bits a level: the upper half of 20, the lower of 700.
AVIF = base64.b64decode(
    "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUEAAADrbWV0YQAAAAAAAAAhaGRscgAA"
    "AAAAAAAAcGljdAAAAAAAAAAAAAAAAAAAAAAOcGl0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEA"
    "AQAAAAEAAAETAAAAIgAAAChpaW5mAAAAAAABAAAAGmluZmUCAAAAAAEAAGF2MDFDb2xvcgAA"
    "AABqaXBycAAAAEtpcGNvAAAAFGlzcGUAAAAAAAAAEAAAABAAAAAQcGl4aQAAAAADCgoKAAAA"
    "DGF2MUOBIEAAAAAAE2NvbHJuY2x4AAIAAgAGgAAAABdpcG1hAAAAAAAAAAEAAQQBAoMEAAAA"
    "Km1kYXQSAAoIOAz/2sCAgaQyFEcQmLk6+++8WAAQdX18F0Q8SxXg"
)


@pytest.mark.parametrize("name", ["a.jp2", "a.tif", "a.avif"])
def test_commands_say_which_bits_of_colour_are_lost(tmp_path, capsys, name):
    folder, sheet = tmp_path / "pets", tmp_path / "sheet.png"
    folder.mkdir()
    levels = np.random.default_rng(0).integers(0, 2**12, (20, 20, 3), np.uint16)
    contents = make_deep_jpeg_2000("RGB")
    if name == "a.tif":
        contents = make_deep_tiff(levels, True, "<")
    elif name == "a.avif":
        contents = AVIF
    (folder / name).write_bytes(contents)
    flags = [f"--image_dir={folder}", f"--output={sheet}"]
    assert data_command.main(flags) == 0
    printed = capsys.readouterr().out
    assert f"Of 1 of more than 8 bits a level (such as {name})" in printed
    if name == "a.tif":  # The other one has no bits that could be lost.
        assert "no level is above 15 of 255" in printed
        assert "save them as PNG" in printed


@pytest.mark.parametrize("suffix", ["png", "tif", "jp2"])
def test_grey_of_12_bits_by_the_range_of_12_bits(tmp_path, suffix):
    levels = np.arange(64, dtype=np.uint16).reshape(8, 8) * 65
    Image.fromarray(levels).save(tmp_path / f"a.{suffix}")
    path = tmp_path / f"a.{suffix}"
    decoded = decode_file(path, "white", level_range=(0, 2**12))
    np.testing.assert_array_equal(decoded[..., 1], levels >> 4)
    np.testing.assert_array_equal(decode_levels(path), levels)


def test_reals_that_are_no_numbers_are_the_lowest_level(tmp_path):
    levels = np.array([[np.nan, -1, 0, 0.5, 1, np.inf]], np.float32)
    Image.fromarray(levels).save(tmp_path / "a.tif")
    decoded = decode_file(tmp_path / "a.tif", "white", level_range=(0.0, 1.0))
    assert decoded[0, :, 0].tolist() == [0, 0, 0, 128, 255, 255]


def test_pages(tmp_path):
    others = [Image.new("L", (5 + i, 4), i) for i in range(2)]
    path = tmp_path / "a.tif"
    make_picture().save(path, save_all=True, append_images=others)
    assert count_pages(path) == 3
    assert_upright(decode_file(path, "white"))
    for page in (1, 2):
        decoded = decode_file(path, "white", page=page)
        assert decoded.shape == (4, 4 + page, 3)
        assert (decoded == page - 1).all()


# The last two must fit: a long strip keeps its short side.
@pytest.mark.parametrize(
    ("size", "crop", "decoded"),
    [
        ((12_000, 9_000), 0, (3_000, 2_250)),
        ((12_000, 9_000), 1_000, (250, 250)),
        ((12_000, 9_000), 10_000, (2_500, 2_250)),
        ((5_000, 5_000), 0, (5_000, 5_000)),
        ((40_000, 700), 0, (40_000, 700)),
        ((60_000, 2_000), 0, (30_000, 1_000)),
    ],
)
def test_large_jpegs_are_decoded_at_a_reduced_scale(
    tmp_path, size, crop, decoded
):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Image.new("L", size, 90).save(tmp_path / "a.jpg")
        pixels = decode_file(tmp_path / "a.jpg", "white", crop=crop)
    assert pixels.shape == (*decoded[::-1], 3)
    assert (pixels[::97, ::97] == 90).all()


def test_large_progressive_jpeg_would_take_memory_at_any_scale(tmp_path):
    image = Image.new("L", (10_001, 10_000), 90)
    image.save(tmp_path / "a.jpg", progressive=True)
    with pytest.raises(UnreadableError, match="claims 10001x10000 pixels"):
        decode_file(tmp_path / "a.jpg", "white")


def test_16_bit_colour(tmp_path):
    levels = np.arange(48, dtype=np.uint16).reshape(4, 4, 3) * 1300
    (tmp_path / "a.png").write_bytes(write_png_16(levels))
    decoded = decode_file(tmp_path / "a.png", "white")
    np.testing.assert_array_equal(decoded, levels >> 8)


def write_png_16(levels):
    """Pillow can't write 16-bit colour."""
    height, width, _ = levels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        make_chunk(kind, contents)
        for kind, contents in (
            (b"IHDR", header),
            (b"IDAT", zlib.compress(rows)),
            (b"IEND", b""),
        )
    )


def make_chunk(kind, contents):
    checksum = zlib.crc32(kind + contents)
    return (
        struct.pack(">I", len(contents))
        + kind
        + contents
        + struct.pack(">I", checksum)
    )


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("RGBA", {}),
        ("LA", {}),
        ("P", {"transparency": 0}),
        ("RGB", {"transparency": (0, 0, 0)}),
    ],
)
def test_transparency_shows_the_background(tmp_path, kind, options):
    if kind in ("RGBA", "LA"):
        image = Image.new("RGBA", (4, 4), (0, 0, 0, 0)).convert(kind)
    else:
        image = Image.new(kind, (4, 4), 0)
    image.save(tmp_path / "a.png", **options)
    decoded = decode_file(tmp_path / "a.png", "#ff8000")
    assert (decoded == (255, 128, 0)).all()


def test_half_transparent_pixels_are_mixed(tmp_path):
    Image.new("RGBA", (4, 4), (0, 0, 0, 128)).save(tmp_path / "a.png")
    assert (decode_file(tmp_path / "a.png", "white") == 127).all()


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_first_frame_of_an_animation(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    others = [Image.new("RGB", (24, 16), (9, 9, 9)) for _ in range(2)]
    options = {"lossless": True} if suffix == "webp" else {}
    make_picture().save(path, save_all=True, append_images=others, **options)
    assert_upright(decode_file(path, "white"), 2)


@pytest.mark.parametrize(
    "suffix", ["jpg", "png", "gif", "bmp", "webp", "tif", "avif", "jp2"]
)
def test_truncated(tmp_path, suffix):
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (64, 64, 3), np.uint8))
    path = tmp_path / f"a.{suffix}"
    noise.save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UnreadableError):
        decode_file(path, "white")


@pytest.mark.parametrize(
    "contents",
    [b"", b"hello", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a"],
)
def test_no_image(tmp_path, contents):
    (tmp_path / "a.jpg").write_bytes(contents)
    with pytest.raises(UnreadableError, match="."):
        decode_file(tmp_path / "a.jpg", "white")


def test_formats_that_run_programs_are_not_opened(tmp_path):
    (tmp_path / "a.png").write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n"
    )
    with pytest.raises(UnreadableError, match="not an image"):
        decode_file(tmp_path / "a.png", "white")


@pytest.mark.parametrize("side", [10_001, 60_000])
def test_decompression_bomb_is_refused_before_it_takes_memory(tmp_path, side):
    assert side**2 > MAX_PIXELS
    row = zlib.compress(b"\0" * 100_000)
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    (tmp_path / "a.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + make_chunk(b"IHDR", header)
        + make_chunk(b"IDAT", row)
        + make_chunk(b"IEND", b"")
    )
    with pytest.raises(UnreadableError, match="pixels"):
        decode_file(tmp_path / "a.png", "white")
