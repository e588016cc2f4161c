"""Folders as people have them: each trains, or stops with one line.

Nothing hangs, and nothing is lost without a word.
"""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from fixtures.hostile_files import (
    HIDDEN,
    TRUNCATED,
    Row,
    check_reading,
    claim,
    claim_jpeg,
    encode,
    row,
    truncated,
    write,
    write_good,
)
from PIL import Image

from dcgan_tf.config import DataConfig
from dcgan_tf.data.open_source import load_source

ROWS: dict[str, Row] = {"truncated": Row(truncated, skipped=TRUNCATED)}


@row(ROWS, num_images=12)
def mixed_formats_and_modes(folder):
    for i, (mode, file_format) in enumerate(
        [
            ("RGB", "JPEG"),
            ("L", "JPEG"),
            ("CMYK", "JPEG"),
            ("RGB", "PNG"),
            ("RGBA", "PNG"),
            ("LA", "PNG"),
            ("1", "PNG"),
            ("P", "GIF"),
            ("RGB", "BMP"),
            ("RGB", "WEBP"),
            ("RGBA", "WEBP"),
        ]
    ):
        noise = "RGB" if mode == "P" else mode
        write(folder / f"{i}.x", encode(mode=noise, file_format=file_format))
    Image.fromarray(np.arange(400, dtype=np.uint16).reshape(20, 20)).save(
        folder / "16_bit.png"
    )


@row(ROWS)
def grey_among_colour(folder):
    write_good(folder, 5)
    write(folder / "grey.png", encode(mode="L"))


@row(ROWS, num_images=7)
def sizes_from_one_pixel_to_long_strips(folder):
    write_good(folder, 4)
    for size in ((1, 1), (3000, 2), (2, 3000)):
        write(folder / f"{size[0]}.png", encode(size))


@row(ROWS, skipped=frozenset({"empty.jpg", "page.png"}), num_beside=3)
def files_that_are_no_images(folder):
    write_good(folder)
    write(folder / "notes.txt", b"hello")
    write(folder / "empty.jpg", b"")
    write(folder / "table.csv", b"a,b\n")
    write(folder / "page.png", b"<html></html>")
    write(folder / "README", b"")


@row(ROWS, num_beside=18)
def more_files_beside_images_than_images(folder):
    write_good(folder)
    for i in range(6):
        write(folder / f"good{i}.txt", b"BMW, seen from the left")
        write(folder / f"good{i}.json", b'{"caption": "<svg/>"}')
        write(folder / f"good{i}.xml", b"<svg></svg>")


@row(ROWS, num_images=20)
def tiff(folder):
    modes = ("1", "L", "LA", "RGB", "RGBA", "CMYK", "P", "I;16", "I", "F")
    for i, mode in enumerate(modes):
        levels = np.arange(400, dtype=np.uint16).reshape(20, 20)
        image = Image.fromarray(levels.astype(np.float32))
        if mode == "I;16":
            image = Image.fromarray(levels)
        elif mode not in "IF":
            image = image.convert("L").convert(mode)
        folder.mkdir(exist_ok=True)
        for compression in ("raw", "tiff_adobe_deflate"):
            path = folder / f"{i}-{compression}.tif"
            image.convert(mode).save(path, compression=compression)


@row(ROWS, num_images=10, options={"all_pages": True})
def tiff_pages(folder):
    folder.mkdir()
    pages = [Image.new("L", (20 + i, 20), i) for i in range(3)]
    for i in range(3):
        path = folder / f"{i}.tif"
        pages[0].save(path, save_all=True, append_images=pages[1:])
    write(folder / "0.tif#2", encode())


@row(ROWS, num_images=3)
def first_pages_of_tiff(folder):
    tiff_pages(folder)
    (folder / "0.tif#2").unlink()


@row(ROWS, num_images=4)
def avif_and_jpeg_2000(folder):
    for i, kind in enumerate(("AVIF", "JPEG2000") * 2):
        mode = ("RGB", "RGBA")[i // 2]
        write(folder / f"{i}.x", encode(mode=mode, file_format=kind))


@row(ROWS, skipped=frozenset({"cut.tif", "cut.avif", "cut.jp2", "raw.tif"}))
def broken_tiff_avif_and_jpeg_2000(folder):
    write_good(folder)
    for name, kind in (("tif", "TIFF"), ("avif", "AVIF"), ("jp2", "JPEG2000")):
        contents = encode((64, 64), file_format=kind)
        write(folder / f"cut.{name}", contents[: len(contents) // 2])
    write(folder / "raw.tif", b"II*\0\x10\0\0\0CR\2\0" + bytes(100))


@row(ROWS)
def grey_of_12_bits_in_16(folder):
    folder.mkdir()
    for i in range(6):
        levels = np.full((20, 20), 700 * i, np.uint16)
        Image.fromarray(levels).save(folder / f"{i}.png")


@row(ROWS, num_images=7)
def photograph_of_108_megapixels(folder):
    write_good(folder)
    write(folder / "large.jpg", claim_jpeg(12_000, 9_000))


@row(ROWS, skipped=frozenset({"bomb.jpg", "scans.jpg"}))
def jpeg_bombs(folder):
    write_good(folder)
    write(folder / "bomb.jpg", claim_jpeg(65_000, 65_000, progressive=True))
    write(folder / "scans.jpg", claim_jpeg(65_000, 65_000, num_in_scan=1))


# Thumbnails and what was thrown away are images; each folder of them counts
# once. Of the last two, nobody says that they are hidden.


@row(ROWS, num_images=12, classes=("cats", "pets"), num_beside=2, num_hidden=14)
def hidden_files(folder):
    write_good(folder / "pets")
    write_good(folder / "cats")
    for name in HIDDEN:
        write(
            folder / name, encode() if name.endswith("a.png") else b"whatever"
        )


@row(ROWS, skipped=frozenset({"bomb.png", "huge.png"}))
def decompression_bombs(folder):
    write_good(folder)
    write(folder / "bomb.png", claim(50_000, 50_000))
    write(folder / "huge.png", claim(2**31 - 1, 2**31 - 1))


@row(ROWS, skipped=frozenset({"self"}))
def links_in_a_loop(folder):
    write_good(folder / "pictures")
    (folder / "pictures" / "up").symlink_to(folder)
    (folder / "again").symlink_to(folder / "pictures")
    (folder / "self").symlink_to(folder / "self")


@row(ROWS, skipped=frozenset({"broken_link.png"}))
def link_to_nowhere(folder):
    write_good(folder)
    (folder / "broken_link.png").symlink_to(folder / "nowhere.png")


@row(ROWS, num_images=7)
def links_to_images_and_folders_elsewhere(folder):
    write_good(folder, 3)
    write_good(folder.parent / "elsewhere", 3)
    write(folder.parent / "single.png", encode())
    (folder / "linked").symlink_to(folder.parent / "elsewhere")
    (folder / "single.png").symlink_to(folder.parent / "single.png")


@row(ROWS, skipped=frozenset({"pipe.png"}))
def pipe_that_nobody_writes_to(folder):
    write_good(folder)
    os.mkfifo(folder / "pipe.png")


@row(ROWS, num_images=9)
def names_in_any_script(folder):
    for name in (
        "фото.png", "写真.png", "صورة.png", "תמונה.png", "चित्र.png",
        "emoji 🐘.png", "with space.png", "line\nbreak.png",
    ):  # fmt: skip
        write(folder / name, encode())
    write(Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.png")), encode())


@row(ROWS)
def names_that_look_like_patterns(folder):
    for name in ("*.png", "[a].png", "?.png", "%d.png", "{}.png", "a#b.png"):
        write(folder / name, encode())


@row(ROWS, num_images=6, classes=("cats", "dogs"))
def class_subfolders(folder):
    write_good(folder / "cats", 2)
    write_good(folder / "dogs" / "small", 4)


@row(ROWS, num_images=5)
def images_beside_a_subfolder(folder):
    write_good(folder, 2)
    write_good(folder / "more", 3)


@row(ROWS)
def deeply_nested(folder):
    write_good(folder / "/".join("abcdefghijklmnopqrst"))


@row(ROWS, num_images=4)
def suffixes_that_lie(folder):
    for name, kind in (
        ("a.png", "JPEG"),
        ("b.jpg", "PNG"),
        ("c", "WEBP"),
        ("d.txt", "GIF"),
    ):
        write(folder / name, encode(file_format=kind))


@row(ROWS)
def animations(folder):
    frames = [Image.new("RGB", (20, 20), (i, 0, 0)) for i in range(6)]
    for i in range(6):
        path = folder / f"{i}.{('gif', 'webp', 'png')[i % 3]}"
        path.parent.mkdir(exist_ok=True)
        frames[i].save(path, save_all=True, append_images=frames)


@pytest.mark.parametrize("cache", ["memory", "off"])
@pytest.mark.parametrize("name", ROWS)
def test_trains_on_what_can_be_read(tmp_path, name, cache):
    check_reading(ROWS[name], tmp_path, cache)


def test_subfolder_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    folder = tmp_path / "folder"
    write_good(folder)
    write_good(folder / "locked")
    scandir = os.scandir

    def refuse(path):  # The superuser, who may run this, may read all.
        if str(path).endswith("locked"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    data = DataConfig(dataset="image_folder", image_dir=str(folder))
    source = load_source(data)
    assert source.num_examples == 6
    assert source.skipped.reasons == {"locked": "Permission denied"}
