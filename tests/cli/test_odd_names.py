"""Names with control characters neither end lines nor reach a terminal."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from dcgan_tf.cli import data, dedup, evaluate, sample, train
from dcgan_tf.data.exclusion import can_be_listed, load_excluded
from dcgan_tf.output import escape_controls

CONTROLS = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]")
TINY = (
    "--image_size=16", "--base_filters=4", "--latent_dim=4",
    "--batch_size=4", "--strategy=one_device", "--precision=float32",
    "--report_every=1", "--sample_every=2", "--checkpoint_every=2",
)  # fmt: skip
NAMES = {
    "A\nB": r"A\nB",
    "\x1b[31mred": r"\x1b[31mred",
    "c\rd\te": r"c\rd\te",
    "f\x9b2J": r"f\x9b2J",
    "g\u2028h": r"g\u2028h",
    "i\u202egnp.exe": r"i\u202egnp.exe",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *NAMES.items(),
        ("plain, groß, 写真 😀", "plain, groß, 写真 😀"),
        ("not UTF-8: \udcff", "not UTF-8: \udcff"),
        ("a\\nb", "a\\nb"),
        ("", ""),
    ],
)
def test_escape_controls(text, expected):
    assert escape_controls(text) == expected


@pytest.fixture
def pictures(tmp_path):
    """Classes of such names, an image in each that can't be read, and text."""
    rng = np.random.default_rng(0)
    for name in NAMES:
        folder = tmp_path / "pictures" / name
        folder.mkdir(parents=True)
        for i in range(4):
            noise = rng.integers(0, 256, (20, 20, 3), np.uint8)
            Image.fromarray(noise).save(folder / f"{i}.png")
        (folder / f"{name}.png").write_bytes(b"")
        (folder / f"note.{name}").write_text("a note")
    return tmp_path / "pictures"


def check_printed(capsys):
    captured = capsys.readouterr()
    text = captured.out + captured.err
    assert not CONTROLS.findall(text)
    return captured.out.splitlines(), captured.err.splitlines()


def test_data_prints_one_line_each(pictures, tmp_path, capsys):
    argv = [f"--image_dir={pictures}", "--image_size=16"]
    assert data.main([*argv, f"--output={tmp_path / 's.png'}"]) == 0
    out, errors = check_printed(capsys)
    (line,) = (line for line in out if " classes: " in line)
    assert all(escaped in line for escaped in NAMES.values())
    assert len([line for line in errors if "skipped " in line]) == len(NAMES)
    assert len(errors) == len(NAMES)


def test_training_and_what_follows_do(pictures, tmp_path, capsys):
    run_dir = tmp_path / "run"
    argv = [*TINY, f"--image_dir={pictures}", f"--run_dir={run_dir}"]
    assert train.main([*argv, "--conditional", "--steps=2"]) == 0
    out, _ = check_printed(capsys)
    (line,) = (line for line in out if line.startswith("Images: "))
    assert r"6 classes (" in line and r"A\nB" in line
    # Names are kept as they are.
    kept = json.loads((run_dir / "config.json").read_text())["classes"]
    assert sorted(kept) == sorted(NAMES)
    flags = [f"--run_dir={run_dir}"]
    output = f"--output={tmp_path / 's.png'}"
    assert sample.main([*flags, output, "--label=A\nB", "--num=4"]) == 0
    assert sample.main([*flags, output, "--label=A\nC", "--num=4"]) == 2
    assert evaluate.main([*flags, "--measures=segmentation"]) == 1
    _, errors = check_printed(capsys)
    assert len([line for line in errors if "error: " in line]) == 2


def test_errors_name_such_files_in_one_line(pictures, tmp_path, capsys):
    for path in pictures.rglob("?.png"):
        path.write_bytes(b"")
    argv = [f"--image_dir={pictures}", f"--output={tmp_path / 's.png'}"]
    assert data.main(argv) == 1
    _, errors = check_printed(capsys)
    assert "error: " in errors[-1]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.png", True), (" a.png ", True), ("a\rb.png", True), ("é.png", True),
        ("\udcff.png", True), ("a\x1b.png", True), ("a\u2028b.png", True),
        ("a\nb.png", False), ("a.png\r", False), (" ", False),
        ("\ufeffa.png", False),
    ],
)  # fmt: skip
def test_what_a_list_can_hold(tmp_path, name, expected):
    path = tmp_path / "exclude.txt"
    path.write_bytes(f"{name}\n".encode(errors="surrogateescape"))
    assert (load_excluded(str(path)) == {name}) == expected
    assert can_be_listed(name) == expected


def test_duplicates_that_no_list_can_hold_are_told(tmp_path, capsys):
    pytest.importorskip("apache_beam")
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(4):
        noise = rng.integers(0, 256, (32, 32, 3), np.uint8)
        Image.fromarray(noise).save(folder / f"{i}.png")
    same = Image.open(folder / "0.png")
    for name in ("a\nb.png", "c\nd.png", "e.png"):
        same.save(folder / name)
    output = tmp_path / "exclude.txt"
    argv = [f"--image_dir={folder}", f"--output={output}", "--steps=5"]
    assert dedup.main([*argv, "--max_bits=0"]) == 0
    out, _ = check_printed(capsys)
    (line,) = (line for line in out if "can't be listed" in line)
    assert re.match(r"[12] duplicates?, such as '[ac]\\n[bd].png', can't", line)
    for name in output.read_text().splitlines():
        assert (folder / name).is_file()
