"""What holds nothing to train on stops with one line and leaves no run."""

import gzip
import tarfile

import numpy as np
import pytest
from fixtures.hostile_files import (
    TINY,
    encode,
    make_members,
    npy_of_colour,
    write,
    write_good,
    write_tar,
    write_zip,
)

from dcgan_tf.cli import train as train_command


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
        (mostly_truncated, "over half of the 26 files of 'train' in"),
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
