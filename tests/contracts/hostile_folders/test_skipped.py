"""Files that are left out are counted and named."""

import csv

import pytest
from fixtures.hostile_files import (
    MODEL,
    TINY,
    TRUNCATED,
    encode,
    truncated,
    write,
    write_good,
)

from dcgan_tf.cli import data as data_command
from dcgan_tf.cli import train as train_command
from dcgan_tf.config import DataConfig
from dcgan_tf.data.files import file_formats
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.pipeline import load_images


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


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


# Of 20 images to train on and 4 to test on, those that are damaged before
# they are listed, emptied or cut, and what is said of each split.
DAMAGE = {
    "cut test images": (
        {"test": 3}, cut, {"test": "the 4 files of 'test' in", "all": None},
    ),
    "cut training images": (
        {"train": 11}, cut, {"test": None, "train": "20 files of 'train' in"},
    ),
    "cut images of both": (
        {"train": 11, "test": 2}, cut,
        {"test": None, "train": "20 files of 't", "all": "the 24 files in"},
    ),
    # What is skipped in one split doesn't cost another.
    "empty training images": (
        {"train": 11}, lambda path: path.write_bytes(b""),
        {"test": None, "train": None},
    ),
    "empty images of both": (
        {"train": 11, "test": 2}, lambda path: path.write_bytes(b""),
        dict.fromkeys(("test", "train", "all"), "over half of the 24 files in"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "damage", "expected"), DAMAGE.values(), ids=DAMAGE
)
def test_what_is_counted_is_what_is_said(
    tmp_path, capsys, counts, damage, expected
):
    folder = tmp_path / "folder"
    write_good(folder / "train", 20)
    write_good(folder / "test", 4)
    for split, count in counts.items():
        for i in range(count):
            damage(folder / split / f"good{i}.png")
    for split, message in expected.items():
        data = DataConfig("image_folder", image_dir=str(folder), cache="off")
        argv = [f"--image_dir={folder}", f"--split={split}"]
        code = data_command.main([*argv, f"--output={tmp_path / 's.png'}"])
        errors = capsys.readouterr().err
        if message is None:
            load_images(load_source(data, split), MODEL, data)
            assert code == 0
            continue
        with pytest.raises(ValueError, match=message):
            load_source(data, split)
        assert code == 1 and message in errors.splitlines()[-1]


def test_lost_images_of_a_split_are_counted_in_it(tmp_path):
    folder = tmp_path / "folder"
    write_good(folder / "train", 20)
    write_good(folder / "test", 4)
    data = DataConfig("image_folder", image_dir=str(folder), cache="off")
    source = load_source(data, "test")
    for i in range(3):
        (folder / "test" / f"good{i}.png").unlink()
    with pytest.raises(
        OSError, match="half of the 4 images of 'test' in .* go"
    ):
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
    formats = [
        f._replace(is_read=is_read) if f.name == name else f
        for f in file_formats.FORMATS
    ]
    monkeypatch.setattr(file_formats, "FORMATS", formats)
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
    for name in TRUNCATED:
        # As commands print warnings, whoever has configured logging.
        found = [line for line in lines if name in line]
        assert len(found) == 1
        assert found[0].startswith(f"WARNING: skipped {name}: ")
