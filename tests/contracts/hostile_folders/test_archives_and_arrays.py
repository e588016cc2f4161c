"""Archives and files of arrays: each trains, or stops with one line.

Nothing hangs, and nothing is lost without a word.
"""

import io
import shutil
import tarfile
import zipfile

import numpy as np
import pytest
from fixtures.hostile_files import (
    HIDDEN,
    Row,
    check_reading,
    encode,
    make_members,
    npy_of_colour,
    row,
    write,
    write_tar,
    write_zip,
)

from dcgan_tf.config import DataConfig
from dcgan_tf.data.files.archives import open_tree
from dcgan_tf.data.files.listing import list_images
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.skipped import Skipped

ROWS: dict[str, Row] = {"npy_of_colour": Row(npy_of_colour)}


@row(ROWS, num_images=12, classes=("cats", "pets"), num_beside=2, num_hidden=14)
def zip_with_hidden_files(path):
    members = {**make_members("all/pets/"), **make_members("all/cats/")}
    for name in HIDDEN:
        contents = encode() if name.endswith("a.png") else b"whatever"
        members[f"all/{name}"] = contents
    write_zip(path, members)


@row(ROWS, num_images=12, classes=("cats", "dogs"), num_beside=1, num_hidden=2)
def zip_of_classes_in_a_folder(path):
    members = {**make_members("pets/cats/"), **make_members("pets/dogs/")}
    members["README"] = b"Pets."
    members["__MACOSX/pets/cats/._good0.png"] = b"whatever"
    members["pets/.thumbs/a.png"] = encode()
    write_zip(path, members, compression=zipfile.ZIP_DEFLATED)


@row(
    ROWS,
    skipped=frozenset({"../out.png", "/root.png", "a/../../b.png", "link"}),
)
def zip_that_leads_elsewhere(path):
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    bad = dict.fromkeys(("../out.png", "/root.png", "a/../../b.png"), encode())
    write_zip(path, {**make_members(), **bad, link: b"/etc/passwd"})


@row(ROWS, skipped=frozenset({"damaged.png"}))
def zip_with_a_damaged_member(path):
    members = {**make_members(), "damaged.png": encode(seed=9)}
    write_zip(path, members)
    contents = bytearray(path.read_bytes())
    contents[contents.find(members["damaged.png"]) + 200] ^= 255
    path.write_bytes(contents)


@row(ROWS)
def tar(path):
    write_tar(path, make_members("./"))


@row(ROWS, num_images=12, classes=("cats", "dogs"))
def tar_gz(path):
    members = {**make_members("cats/"), **make_members("dogs/")}
    write_tar(path, members, "w:gz")


@row(
    ROWS, skipped=frozenset({"../out.png", "/root.png", "link", "hard", "pipe"})
)
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


@row(ROWS, num_images=12, classes=("cats", "dogs"))
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


@row(ROWS, num_beside=2)
def tar_that_ends_with_zips(path):
    """Its last bytes are those of a .zip and an .npz file."""
    inner = io.BytesIO()
    write_zip(inner, make_members("inner/"))
    labels = io.BytesIO()
    np.savez(labels, labels=np.arange(6))
    beside = {"x.zip": inner.getvalue(), "labels.npz": labels.getvalue()}
    write_tar(path, {**make_members(), **beside})


@row(ROWS)
def npy_of_grey_reals(path):
    with open(path, "wb") as file:
        np.save(file, np.linspace(-1, 1, 6 * 400).reshape(6, 20, 20))


@row(ROWS)
def npy_in_a_zip_of_macos(path):
    array = io.BytesIO()
    np.save(array, np.zeros((6, 20, 20, 3), np.uint8))
    hidden = {"__MACOSX/._images.npy": b"whatever", ".DS_Store": b"whatever"}
    write_zip(path, {"images.npy": array.getvalue(), **hidden})


@row(ROWS, classes=("cat", "dog"))
def npz_with_classes(path):
    with open(path, "wb") as file:
        np.savez_compressed(
            file,
            images=np.zeros((6, 20, 20, 3), np.uint8),
            labels=np.arange(6) % 2,
            label_names=np.array(["cat", "dog"]),
        )


@row(ROWS, classes=("0", "1", "2"))
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
    check_reading(ROWS[name], tmp_path, cache)


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
