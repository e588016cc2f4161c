"""Folders as people have them: each row trains, or stops with one line.

Nothing hangs, and nothing is lost without a word.
"""

import csv
import dataclasses
import errno
import gzip
import io
import os
import shutil
import signal
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dcgan_tf.cli import data as data_command
from dcgan_tf.cli import train as train_command
from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data.files import file_formats
from dcgan_tf.data.files.archives import open_tree
from dcgan_tf.data.files.listing import list_images
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.pipeline import build_training_dataset, load_images
from dcgan_tf.data.skipped import Skipped

MODEL = ModelConfig((16, 16), 3)
TINY = (
    "--image_size=16", "--base_filters=4", "--latent_dim=4",
    "--batch_size=4", "--strategy=one_device", "--precision=float32",
    "--steps=2", "--report_every=1", "--sample_every=2",
    "--checkpoint_every=2",
)  # fmt: skip
TIME_LIMIT_SECONDS = 120


@pytest.fixture(autouse=True)
def end_what_hangs(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def stop(*_):
        raise TimeoutError("this folder hangs")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(TIME_LIMIT_SECONDS)
    yield
    signal.alarm(0)


def encode(size=(20, 20), mode="RGB", file_format="PNG", seed=0, **options):
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 256, (size[1], size[0], 4), np.uint8)
    contents = io.BytesIO()
    Image.fromarray(noise).convert(mode).save(contents, file_format, **options)
    return contents.getvalue()


def write(path: Path, contents: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents)


def write_good(folder: Path, count: int = 6) -> None:
    for i in range(count):
        write(folder / f"good{i}.png", encode(seed=i))


def claim(width, height):
    """A small PNG file that claims to be of that size."""

    def chunk(kind, contents):
        checksum = struct.pack(">I", zlib.crc32(kind + contents))
        return struct.pack(">I", len(contents)) + kind + contents + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def claim_jpeg(width, height, progressive=False, num_in_scan=3):
    """A JPEG file of one colour that claims to be of that size.

    Only where its scan is whole are there as many blocks as it says.
    """
    image = Image.new("YCbCr", (width, 16), (90, 80, 200))
    contents = io.BytesIO()
    image.save(contents, "JPEG", progressive=progressive, subsampling=0)
    contents = bytearray(contents.getvalue())
    frame = max(contents.find(bytes([0xFF, 0xC0 + kind])) for kind in (0, 2))
    contents[frame + 5 : frame + 7] = height.to_bytes(2, "big")
    scan = contents.find(b"\xff\xda")
    contents[scan + 4] = num_in_scan
    if num_in_scan == 3 and not progressive:
        whole = io.BytesIO()
        Image.new("L", (width, height), 90).save(whole, "JPEG")
        return whole.getvalue()
    return bytes(contents)


@dataclasses.dataclass(frozen=True)
class Row:
    """A folder and how reading it ends.

    Attributes:
        fill: Writes the folder.
        num_images: How many can be used.
        skipped: Names of the files that are left out.
        classes: Names of the classes found.
        num_beside: Files beside the images, of no account.
        num_hidden: Hidden files and folders, of no account either.
        options: Settings of the data that it is read with.
    """

    fill: Callable[[Path], None]
    num_images: int = 6
    skipped: frozenset[str] = frozenset()
    classes: tuple[str, ...] = ()
    num_beside: int = 0
    num_hidden: int = 0
    options: dict = dataclasses.field(default_factory=dict)


ROWS: dict[str, Row] = {}


def row(**expected):
    def add(fill):
        ROWS[fill.__name__] = Row(fill, **expected)
        return fill

    return add


@row(num_images=12)
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


@row()
def grey_among_colour(folder):
    write_good(folder, 5)
    write(folder / "grey.png", encode(mode="L"))


@row(num_images=7)
def sizes_from_one_pixel_to_long_strips(folder):
    write_good(folder, 4)
    for size in ((1, 1), (3000, 2), (2, 3000)):
        write(folder / f"{size[0]}.png", encode(size))


@row(skipped=frozenset({"cut.jpg", "cut.png", "sub/cut.gif"}))
def truncated(folder):
    write_good(folder)
    for name, kind in (
        ("cut.jpg", "JPEG"),
        ("cut.png", "PNG"),
        ("sub/cut.gif", "GIF"),
    ):
        contents = encode((64, 64), file_format=kind)
        write(folder / name, contents[: len(contents) // 2])


@row(skipped=frozenset({"empty.jpg", "page.png"}), num_beside=3)
def files_that_are_no_images(folder):
    write_good(folder)
    write(folder / "notes.txt", b"hello")
    write(folder / "empty.jpg", b"")
    write(folder / "table.csv", b"a,b\n")
    write(folder / "page.png", b"<html></html>")
    write(folder / "README", b"")


@row(num_beside=18)
def more_files_beside_images_than_images(folder):
    write_good(folder)
    for i in range(6):
        write(folder / f"good{i}.txt", b"BMW, seen from the left")
        write(folder / f"good{i}.json", b'{"caption": "<svg/>"}')
        write(folder / f"good{i}.xml", b"<svg></svg>")


@row(num_images=20)
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


@row(num_images=10, options={"all_pages": True})
def tiff_pages(folder):
    folder.mkdir()
    pages = [Image.new("L", (20 + i, 20), i) for i in range(3)]
    for i in range(3):
        path = folder / f"{i}.tif"
        pages[0].save(path, save_all=True, append_images=pages[1:])
    write(folder / "0.tif#2", encode())


@row(num_images=3)
def first_pages_of_tiff(folder):
    tiff_pages(folder)
    (folder / "0.tif#2").unlink()


@row(num_images=4)
def avif_and_jpeg_2000(folder):
    for i, kind in enumerate(("AVIF", "JPEG2000") * 2):
        mode = ("RGB", "RGBA")[i // 2]
        write(folder / f"{i}.x", encode(mode=mode, file_format=kind))


@row(skipped=frozenset({"cut.tif", "cut.avif", "cut.jp2", "raw.tif"}))
def broken_tiff_avif_and_jpeg_2000(folder):
    write_good(folder)
    for name, kind in (("tif", "TIFF"), ("avif", "AVIF"), ("jp2", "JPEG2000")):
        contents = encode((64, 64), file_format=kind)
        write(folder / f"cut.{name}", contents[: len(contents) // 2])
    write(folder / "raw.tif", b"II*\0\x10\0\0\0CR\2\0" + bytes(100))


@row()
def grey_of_12_bits_in_16(folder):
    folder.mkdir()
    for i in range(6):
        levels = np.full((20, 20), 700 * i, np.uint16)
        Image.fromarray(levels).save(folder / f"{i}.png")


@row(num_images=7)
def photograph_of_108_megapixels(folder):
    write_good(folder)
    write(folder / "large.jpg", claim_jpeg(12_000, 9_000))


@row(skipped=frozenset({"bomb.jpg", "scans.jpg"}))
def jpeg_bombs(folder):
    write_good(folder)
    write(folder / "bomb.jpg", claim_jpeg(65_000, 65_000, progressive=True))
    write(folder / "scans.jpg", claim_jpeg(65_000, 65_000, num_in_scan=1))


# Thumbnails and what was thrown away are images; each folder of them counts
# once. Of the last two, nobody says that they are hidden.
HIDDEN = (
    ".DS_Store", "._good0.png", ".git/index", ".thumbnails/a.png",
    ".ipynb_checkpoints/good0-checkpoint.png", ".@__thumb/default.png",
    "@eaDir/good0.png/SYNOPHOTO_THUMB_M.jpg",
    "@eaDir/good1.png/SYNOPHOTO_THUMB_M.jpg", "pets/@eaDir/a.png",
    "#recycle/a.png", "@Recycle/a.png", "$RECYCLE.BIN/S-1-5-18/a.png",
    "__MACOSX/a.png", "System Volume Information/a.png", "lost+found/a.png",
    "pets/Thumbs.db", "desktop.ini",
)  # fmt: skip


@row(num_images=12, classes=("cats", "pets"), num_beside=2, num_hidden=14)
def hidden_files(folder):
    write_good(folder / "pets")
    write_good(folder / "cats")
    for name in HIDDEN:
        write(
            folder / name, encode() if name.endswith("a.png") else b"whatever"
        )


@row(skipped=frozenset({"bomb.png", "huge.png"}))
def decompression_bombs(folder):
    write_good(folder)
    write(folder / "bomb.png", claim(50_000, 50_000))
    write(folder / "huge.png", claim(2**31 - 1, 2**31 - 1))


@row(skipped=frozenset({"self"}))
def links_in_a_loop(folder):
    write_good(folder / "pictures")
    (folder / "pictures" / "up").symlink_to(folder)
    (folder / "again").symlink_to(folder / "pictures")
    (folder / "self").symlink_to(folder / "self")


@row(skipped=frozenset({"broken_link.png"}))
def link_to_nowhere(folder):
    write_good(folder)
    (folder / "broken_link.png").symlink_to(folder / "nowhere.png")


@row(num_images=7)
def links_to_images_and_folders_elsewhere(folder):
    write_good(folder, 3)
    write_good(folder.parent / "elsewhere", 3)
    write(folder.parent / "single.png", encode())
    (folder / "linked").symlink_to(folder.parent / "elsewhere")
    (folder / "single.png").symlink_to(folder.parent / "single.png")


@row(skipped=frozenset({"pipe.png"}))
def pipe_that_nobody_writes_to(folder):
    write_good(folder)
    os.mkfifo(folder / "pipe.png")


@row(num_images=9)
def names_in_any_script(folder):
    for name in (
        "фото.png", "写真.png", "صورة.png", "תמונה.png", "चित्र.png",
        "emoji 🐘.png", "with space.png", "line\nbreak.png",
    ):  # fmt: skip
        write(folder / name, encode())
    write(Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.png")), encode())


@row()
def names_that_look_like_patterns(folder):
    for name in ("*.png", "[a].png", "?.png", "%d.png", "{}.png", "a#b.png"):
        write(folder / name, encode())


@row(num_images=6, classes=("cats", "dogs"))
def class_subfolders(folder):
    write_good(folder / "cats", 2)
    write_good(folder / "dogs" / "small", 4)


@row(num_images=5)
def images_beside_a_subfolder(folder):
    write_good(folder, 2)
    write_good(folder / "more", 3)


@row()
def deeply_nested(folder):
    write_good(folder / "/".join("abcdefghijklmnopqrst"))


@row(num_images=4)
def suffixes_that_lie(folder):
    for name, kind in (
        ("a.png", "JPEG"),
        ("b.jpg", "PNG"),
        ("c", "WEBP"),
        ("d.txt", "GIF"),
    ):
        write(folder / name, encode(file_format=kind))


@row()
def animations(folder):
    frames = [Image.new("RGB", (20, 20), (i, 0, 0)) for i in range(6)]
    for i in range(6):
        path = folder / f"{i}.{('gif', 'webp', 'png')[i % 3]}"
        path.parent.mkdir(exist_ok=True)
        frames[i].save(path, save_all=True, append_images=frames)


def write_zip(path, members, **options):
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, contents in members.items():
            archive.writestr(name, contents)


def write_tar(path, members, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, contents in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(contents)
            archive.addfile(member, io.BytesIO(contents))


def make_members(prefix="", count=6):
    return {f"{prefix}good{i}.png": encode(seed=i) for i in range(count)}


@row(num_images=12, classes=("cats", "pets"), num_beside=2, num_hidden=14)
def zip_with_hidden_files(path):
    members = {**make_members("all/pets/"), **make_members("all/cats/")}
    for name in HIDDEN:
        contents = encode() if name.endswith("a.png") else b"whatever"
        members[f"all/{name}"] = contents
    write_zip(path, members)


@row(num_images=12, classes=("cats", "dogs"), num_beside=1, num_hidden=2)
def zip_of_classes_in_a_folder(path):
    members = {**make_members("pets/cats/"), **make_members("pets/dogs/")}
    members["README"] = b"Pets."
    members["__MACOSX/pets/cats/._good0.png"] = b"whatever"
    members["pets/.thumbs/a.png"] = encode()
    write_zip(path, members, compression=zipfile.ZIP_DEFLATED)


@row(skipped=frozenset({"../out.png", "/root.png", "a/../../b.png", "link"}))
def zip_that_leads_elsewhere(path):
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    bad = dict.fromkeys(("../out.png", "/root.png", "a/../../b.png"), encode())
    write_zip(path, {**make_members(), **bad, link: b"/etc/passwd"})


@row(skipped=frozenset({"damaged.png"}))
def zip_with_a_damaged_member(path):
    members = {**make_members(), "damaged.png": encode(seed=9)}
    write_zip(path, members)
    contents = bytearray(path.read_bytes())
    contents[contents.find(members["damaged.png"]) + 200] ^= 255
    path.write_bytes(contents)


@row()
def tar(path):
    write_tar(path, make_members("./"))


@row(num_images=12, classes=("cats", "dogs"))
def tar_gz(path):
    members = {**make_members("cats/"), **make_members("dogs/")}
    write_tar(path, members, "w:gz")


@row(skipped=frozenset({"../out.png", "/root.png", "link", "hard", "pipe"}))
def tar_that_leads_elsewhere(path):
    bad = dict.fromkeys(("../out.png", "/root.png"), encode())
    write_tar(path, {**make_members(), **bad})
    with tarfile.open(path, "a") as archive:
        for name, kind in (
            ("link", tarfile.SYMTYPE),
            ("hard", tarfile.LNKTYPE),
            ("pipe", tarfile.FIFOTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)


@row(num_images=12, classes=("cats", "dogs"))
def zip_of_an_older_windows(path):
    """Folders between backslashes, of which a class has an entry."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("cats", "dogs"):
            members = {f"pets\\{name}\\": b""}
            members.update(make_members(f"pets\\{name}\\"))
            for member, contents in members.items():
                info = zipfile.ZipInfo(member)
                info.create_system = 0
                archive.writestr(info, contents)


@row(num_beside=2)
def tar_that_ends_with_zips(path):
    """Its last bytes are those of a .zip and an .npz file."""
    inner = io.BytesIO()
    write_zip(inner, make_members("inner/"))
    labels = io.BytesIO()
    np.savez(labels, labels=np.arange(6))
    beside = {"x.zip": inner.getvalue(), "labels.npz": labels.getvalue()}
    write_tar(path, {**make_members(), **beside})


@row()
def npy_of_colour(path):
    with open(path, "wb") as file:
        np.save(file, np.zeros((6, 20, 24, 3), np.uint8))


@row()
def npy_of_grey_reals(path):
    with open(path, "wb") as file:
        np.save(file, np.linspace(-1, 1, 6 * 400).reshape(6, 20, 20))


@row()
def npy_in_a_zip_of_macos(path):
    array = io.BytesIO()
    np.save(array, np.zeros((6, 20, 20, 3), np.uint8))
    hidden = {"__MACOSX/._images.npy": b"whatever", ".DS_Store": b"whatever"}
    write_zip(path, {"images.npy": array.getvalue(), **hidden})


@row(classes=("cat", "dog"))
def npz_with_classes(path):
    with open(path, "wb") as file:
        np.savez_compressed(
            file,
            images=np.zeros((6, 20, 20, 3), np.uint8),
            labels=np.arange(6) % 2,
            label_names=np.array(["cat", "dog"]),
        )


@row(classes=("0", "1", "2"))
def npz_with_splits(path):
    with open(path, "wb") as file:
        np.savez(
            file,
            x_train=np.zeros((6, 20, 20), np.uint8),
            y_train=np.arange(6) % 3,
            x_test=np.zeros((2, 20, 20), np.uint8),
            y_test=np.arange(2),
        )


@pytest.mark.parametrize("cache", ["memory", "off"])
@pytest.mark.parametrize("name", ROWS)
def test_trains_on_what_can_be_read(tmp_path, name, cache):
    expected = ROWS[name]
    folder = tmp_path / "folder"
    expected.fill(folder)
    data = DataConfig(
        dataset="image_folder", image_dir=str(folder), cache=cache,
        hold_out="none", **expected.options,
    )  # fmt: skip
    source = load_source(data)
    batches = build_training_dataset(
        source, MODEL, data, batch_size_per_replica=4, global_batch_size=4,
        seed=0,
    )  # fmt: skip
    for batch in batches.take(3).as_numpy_iterator():
        assert batch.shape == (4, 16, 16, 3)
        assert np.isfinite(batch).all()
    images, _ = load_images(source, MODEL, data)
    assert len(images) == expected.num_images
    assert set(source.skipped.reasons) == expected.skipped
    assert source.num_skipped == len(expected.skipped)
    assert len(source.skipped.beside) == expected.num_beside
    assert len(source.skipped.hidden) == expected.num_hidden
    assert source.label_names == expected.classes


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz"])
def test_archive_that_is_cut_off_is_named(tmp_path, suffix):
    path = tmp_path / f"images{suffix}"
    path.write_bytes(b"PK\3\4" + bytes(100))
    data = DataConfig(dataset="image_folder", image_dir=str(path))
    with pytest.raises(ValueError, match="cut off or of another kind"):
        load_source(data)


def test_archive_has_the_images_of_its_folder(tmp_path):
    """Names, splits and fingerprints: a run resumes from either."""
    for i in range(1_000):
        write(tmp_path / "pets" / f"{i}.png", b"\x89PNG\r\n\x1a\n%d" % i)
    write(tmp_path / "pets" / "good.png", encode())
    paths = [tmp_path / "pets"]
    for kind in ("zip", "tar"):
        paths.append(
            shutil.make_archive(tmp_path / kind, kind, tmp_path, "pets")
        )
    listings = []
    for path in paths:
        tree, skipped = open_tree(path), Skipped()
        listing = list_images(tree, skipped)
        assert not skipped.reasons
        listings.append((set(listing.names), listing.images_fingerprint))
    assert listings[0] == listings[1] == listings[2]


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


def mostly_text(folder):
    """As a failed download leaves it: pages that say why, named .jpg."""
    write_good(folder, 2)
    for i in range(3):
        write(folder / f"{i}.jpg", b"text")


def mostly_truncated(folder):
    write_good(folder, 12)
    for i in range(18):
        contents = encode((64, 64), seed=i)
        write(folder / f"cut{i}.png", contents[: len(contents) // 2])


def empty(folder):
    folder.mkdir()


def only_text(folder):
    write(folder / "notes.txt", b"text")


def only_empty_subfolders(folder):
    (folder / "a" / "b").mkdir(parents=True)


def missing(folder):
    pass


def a_file(folder):
    folder.write_bytes(encode())


def zip_with_a_member_that_unpacks_to_gigabytes(path):
    write_zip(path, {**make_members(), "huge.bmp": b"BM"})
    contents = path.read_bytes()
    # What the directory at the end says: sizes lie before the name.
    at = contents.rfind(b"huge.bmp") - 22
    claimed = (2**30 + 1).to_bytes(4, "little")
    path.write_bytes(contents[:at] + claimed + contents[at + 4 :])


def zip_bomb(path):
    write_zip(path, {f"{i:02d}.bmp": b"BM" for i in range(60)})
    contents = path.read_bytes()
    for i in range(60):
        at = contents.rfind(f"{i:02d}.bmp".encode()) - 22
        claimed = (2**29).to_bytes(4, "little")
        contents = contents[:at] + claimed + contents[at + 4 :]
    path.write_bytes(contents)


def tar_gz_bomb(path):
    member = tarfile.TarInfo("huge.bmp")
    member.size = 2**40
    path.write_bytes(gzip.compress(member.tobuf() + bytes(10_000)))


def cut_off_tar_gz(path):
    write_tar(path, make_members(), "w:gz")
    path.write_bytes(path.read_bytes()[:-3_000])


def only_thumbnails(folder):
    write(folder / "@eaDir" / "a.png", encode())
    write(folder / ".DS_Store", b"whatever")


def zip_of_text(path):
    write_zip(path, {"notes.txt": b"text"})


def npy_that_needs_pickle(path):
    with open(path, "wb") as file:
        np.save(file, np.array([{"a": 1}], object), allow_pickle=True)


def cut_off_npy(path):
    npy_of_colour(path)
    path.write_bytes(path.read_bytes()[:-100])


def npy_that_claims_terabytes(path):
    with open(path, "wb") as file:
        header = {"descr": "|u1", "fortran_order": False}
        header["shape"] = (2**30, 64, 64, 3)
        np.lib.format.write_array_header_1_0(file, header)


def npz_that_claims_terabytes(path):
    npy_that_claims_terabytes(path)
    write_zip(path, {"images.npy": path.read_bytes()})


def npz_of_two_collections(path):
    with open(path, "wb") as file:
        np.savez(file, a=np.zeros((6, 9, 9)), b=np.zeros((6, 9, 9)))


def npy_of_numbers(path):
    with open(path, "wb") as file:
        np.save(file, np.arange(9))


def npy_of_five_channels(path):
    with open(path, "wb") as file:
        np.save(file, np.zeros((6, 9, 9, 5)))


@pytest.mark.parametrize(
    ("fill", "message"),
    [
        (zip_bomb, "would unpack to 32,212,254,720 or more, as a bomb does"),
        (zip_with_a_member_that_unpacks_to_gigabytes, "as a bomb does"),
        (tar_gz_bomb, "would unpack to 1,099,511,6"),
        (cut_off_tar_gz, "is damaged or cut off"),
        (zip_of_text, "holds no image (no images: 1 .txt)"),
        (npy_that_needs_pickle, "can't be read: "),
        (cut_off_npy, "can't be read: "),
        (npy_that_claims_terabytes, "can't be read: "),
        (npz_that_claims_terabytes, "can't be read: "),
        (npz_of_two_collections, "holds a float64 (6, 9, 9), b float64"),
        (npy_of_numbers, "holds an array int64 (9,); give it one array"),
        (npy_of_five_channels, "of shape (6, 9, 9, 5); give numbers (count"),
        (mostly_text, "over half of the 5 files"),
        (mostly_truncated, "over half of the 30 files"),
        (empty, "holds no image"),
        (only_text, "holds no image (no images: 1 .txt)"),
        (only_empty_subfolders, "holds no image"),
        (only_thumbnails, "holds no image (hidden: 1 "),
        (missing, "is not there"),
        (a_file, "is no folder"),
    ],
)
def test_stops_with_one_line_and_leaves_no_run(tmp_path, capsys, fill, message):
    fill(tmp_path / "folder")
    code = train_command.main(
        [
            *TINY,
            f"--image_dir={tmp_path / 'folder'}",
            f"--run_dir={tmp_path / 'run'}",
        ]
    )
    errors = capsys.readouterr().err
    errors = [line for line in errors.splitlines() if "error:" in line]
    assert code == 1
    assert len(errors) == 1
    assert message in errors[0] and "folder" in errors[0]
    assert not (tmp_path / "run").exists()


def test_unreadable_files_found_later_stop_the_run_too(tmp_path):
    """More than the few that are tried before."""
    folder = tmp_path / "folder"
    write_good(folder, 20)
    data = DataConfig(
        dataset="image_folder", image_dir=str(folder), hold_out="none"
    )
    source = load_source(data)
    for i in range(11):
        write(folder / f"good{i}.png", b"no longer an image")
    with pytest.raises(ValueError, match="over half of the 20 files"):
        load_images(source, MODEL, data)


def test_training_counts_what_it_skips(tmp_path, capsys):
    folder, run_dir = tmp_path / "folder", tmp_path / "run"
    truncated(folder)
    for name in ("@eaDir/a.png", ".DS_Store", "sub/.DS_Store"):
        write(folder / name, encode())
    code = train_command.main(
        [*TINY, f"--image_dir={folder}", f"--run_dir={run_dir}"]
    )
    assert code == 0
    first = capsys.readouterr().out.partition("\nTraining: ")[0]
    assert "; 3 hidden (2 .DS_Store, 1 @eaDir)" in first
    with open(run_dir / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(float(row["skipped"])) for row in rows] == [3, 3]


FORMATS = {
    "a camera's raw file": (b"II*\0\x10\0\0\0CR",),
    "JPEG XL": (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n"),
    "Photoshop": (b"8BPS\0\1",),
    "SVG": (b"<?xml version='1.0'?>\n<svg></svg>",),
    "PDF": (b"%PDF-1.7",),
    "DICOM": (bytes(128) + b"DICM",),
}


@pytest.mark.parametrize(
    ("name", "start"),
    [(name, start) for name, starts in FORMATS.items() for start in starts],
)
def test_image_format_that_is_not_read_is_named(tmp_path, name, start):
    folder = tmp_path / "folder"
    write_good(folder)
    write(folder / "other.jpg", start + bytes(100))
    data = DataConfig(dataset="image_folder", image_dir=str(folder))
    assert load_source(data).skipped.reasons == {
        "other.jpg": f"{name}, which is not read; convert it to PNG or JPEG"
    }


@pytest.mark.parametrize(
    "start", [b"RIFF\x24\0\0\0WAVEfmt ", b"\0\0\0\x18ftypmp42"]
)
def test_sound_and_film_are_no_images(tmp_path, start):
    folder = tmp_path / "folder"
    write_good(folder)
    write(folder / "other.jpg", start + bytes(100))
    data = DataConfig(dataset="image_folder", image_dir=str(folder))
    assert load_source(data).skipped.reasons == {"other.jpg": "not an image"}


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
        ("HEIC", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic"),
        ("AVIF", b"\0\0\0\x1cftypavif\0\0\0\0mif1miaf"),
        ("JPEG 2000", b"\0\0\0\x0cjP  \r\n"),
    ],
)
@pytest.mark.parametrize("is_read", [False, True])
def test_formats_that_pillow_may_lack(monkeypatch, name, start, is_read):
    monkeypatch.setitem(file_formats._OPTIONAL, name, is_read)
    fault = file_formats.find_format_fault(start + bytes(100))
    if is_read:
        assert fault == ""
    else:
        assert fault.startswith(f"{name}, which is not read; convert it to")
        assert ("pip install pillow-heif" in fault) == (name == "HEIC")


def test_folder_of_one_other_format_says_what_to_do(tmp_path, capsys):
    for i in range(3):
        write(tmp_path / "scans" / f"{i}.pdf", b"%PDF" + bytes(100))
    assert train_command.main([f"--image_dir={tmp_path / 'scans'}"]) == 1
    message = "3 PDF, which is not read; convert it to PNG or JPEG"
    assert message in capsys.readouterr().err


def test_flood_of_unreadable_files_is_counted(tmp_path, caplog):
    folder = tmp_path / "folder"
    write_good(folder, 1)
    for i in range(1_200):
        write(folder / f"{i}.jpg", b"text")
    data = DataConfig(dataset="image_folder", image_dir=str(folder))
    with pytest.raises(ValueError, match="over half of the 1201 files"):
        load_source(data)
    lines = [r.getMessage() for r in caplog.records if "skipped" in r.msg]
    assert len(lines) < 20
    assert "skipped 1,000 files so far" in lines


def test_every_skipped_file_is_named_once(tmp_path, capsys):
    folder = tmp_path / "folder"
    truncated(folder)
    output = tmp_path / "sheet.png"
    code = data_command.main([f"--image_dir={folder}", f"--output={output}"])
    printed = capsys.readouterr()
    assert code == 0
    assert "6 images" in printed.out
    assert "Skipped: 3 files" in printed.out
    lines = printed.err.splitlines()
    for name in ROWS["truncated"].skipped:
        # As commands print warnings, whoever has configured logging.
        found = [line for line in lines if name in line]
        assert len(found) == 1
        assert found[0].startswith(f"WARNING: skipped {name}: ")
