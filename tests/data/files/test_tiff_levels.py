"""Grey in TIFF files is read as their tags say, of any type."""

import struct
import zlib

import numpy as np
import pytest

from dcgan_tf.cli import data as data_command
from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data.files.decoding import decode_file, decode_levels
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.pipeline import load_images
from dcgan_tf.images import load_png

# Evenly spaced over all of a type: as 8 bits 0, 1, ..., 255.
STEPS = np.arange(256)
FORMATS = {"u": 1, "i": 2, "f": 3}


def make_ramp(dtype):
    """Makes levels `(16, 16)` that rise from a type's lowest to its highest."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return (STEPS / 255).astype(dtype).reshape(16, 16)
    info = np.iinfo(dtype)
    step = (int(info.max) - int(info.min)) // 255
    return (info.min + STEPS * step).astype(dtype).reshape(16, 16)


def make_tiff(pixels, photometric=1, order="<", is_packed=False):
    """Makes grey `(height, width)` of any type a TIFF file."""
    pixels = pixels.astype(pixels.dtype.newbyteorder(order))
    contents = pixels.tobytes()
    if is_packed:
        contents = zlib.compress(contents)
    height, width = pixels.shape
    tags = (
        (256, width), (257, height), (258, 8 * pixels.dtype.itemsize),
        (259, 8 if is_packed else 1), (262, photometric),
        (273, 8 + 2 + 10 * 12 + 4), (277, 1), (278, height),
        (279, len(contents)), (339, FORMATS[pixels.dtype.kind]),
    )  # fmt: skip
    start = {"<": b"II*\0", ">": b"MM\0*"}[order]
    start += struct.pack(f"{order}IH", 8, len(tags))
    for tag, value in tags:
        form = f"{order}HHII" if tag in (273, 279) else f"{order}HHIHxx"
        kind = 4 if tag in (273, 279) else 3
        start += struct.pack(form, tag, kind, 1, value)
    return start + struct.pack(f"{order}I", 0) + contents


# Those that are read: of others a collection's log says the reason.
CASES = [
    ("u1", 1), ("i1", 1), ("u2", 1), ("i2", 1), ("u4", 1), ("i4", 1), ("f4", 1),
    ("u1", 0), ("u2", 0), ("f4", 0),
]  # fmt: skip
LITTLE_ENDIAN_ALONE = [("u4", 1), ("u2", 0)]


@pytest.fixture(params=[False, True], ids=["plain", "packed"])
def is_packed(request):
    return request.param


@pytest.mark.parametrize(
    ("dtype", "photometric", "order"),
    [
        *((*case, "<") for case in CASES),
        *((*case, ">") for case in CASES if case not in LITTLE_ENDIAN_ALONE),
    ],
)
def test_levels(tmp_path, dtype, photometric, order, is_packed):
    path = tmp_path / "a.tif"
    pixels = make_ramp(dtype)
    path.write_bytes(make_tiff(pixels, photometric, order, is_packed))
    levels = decode_levels(path)
    if dtype == "u1":
        assert levels is None
        levels = decode_file(path, "black")[..., 0]
    if not photometric:
        pixels = 1 - pixels if dtype == "f4" else np.iinfo(dtype).max - pixels
    assert levels.dtype.kind == np.dtype(dtype).kind
    np.testing.assert_allclose(levels, pixels.astype(levels.dtype), atol=1e-7)


@pytest.mark.parametrize(("dtype", "photometric"), CASES)
def test_a_collection_is_brought_to_all_of_8_bits(
    tmp_path, dtype, photometric, is_packed
):
    contents = make_tiff(make_ramp(dtype), photometric, is_packed=is_packed)
    folder = tmp_path / "cells"
    folder.mkdir()
    for i in range(2):
        (folder / f"{i}.tif").write_bytes(contents)
    expected = STEPS if photometric else STEPS[::-1]
    data = DataConfig("image_folder", image_dir=str(folder), cache="off")
    source = load_source(data, "all")
    images, _ = load_images(source, ModelConfig((16, 16), 1), data)
    for image in images:
        difference = image.ravel().astype(int) - expected
        assert abs(difference).max() <= 1  # The steps' ends are rounded.
    sheet = tmp_path / "s.png"
    argv = [f"--image_dir={folder}", "--image_size=16", "--split=all"]
    argv += [f"--output={sheet}", "--channels=1"]
    assert data_command.main(argv) == 0
    shown = load_png(sheet)[2:18, 2:18].reshape(256, -1)[:, 0].astype(int)
    assert abs(shown - expected).max() <= 1


def test_a_small_difference_of_reals_stays(tmp_path):
    pixels = (STEPS * 1e-12).astype("f4").reshape(16, 16)
    (tmp_path / "a.tif").write_bytes(make_tiff(pixels, photometric=0))
    levels = decode_levels(tmp_path / "a.tif")
    assert (np.diff(levels.ravel()) < 0).all()


@pytest.mark.parametrize(
    ("dtype", "photometric", "order"),
    [
        ("f8", 1, "<"), ("i1", 0, "<"), ("i2", 0, "<"), ("u4", 0, "<"),
        *((*case, ">") for case in LITTLE_ENDIAN_ALONE),
    ],
)  # fmt: skip
def test_what_is_not_read_is_skipped_with_a_reason(
    tmp_path, dtype, photometric, order, capsys
):
    for i in range(3):
        (tmp_path / f"{i}.tif").write_bytes(make_tiff(make_ramp("u1")))
    contents = make_tiff(make_ramp(dtype), photometric, order)
    (tmp_path / "odd.tif").write_bytes(contents)
    argv = [f"--image_dir={tmp_path}", "--image_size=16", "--split=all"]
    assert data_command.main([*argv, f"--output={tmp_path / 's.png'}"]) == 0
    captured = capsys.readouterr()
    assert "Skipped: 1 file (" in captured.out
    assert "skipped odd.tif: " in captured.err
