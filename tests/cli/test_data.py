"""`python -m dcgan_tf.cli.data`: the sheet, the counts, the warnings."""

import numpy as np
import pytest
from PIL import Image

from dcgan_tf.cli import data
from dcgan_tf.images import load_png


def run(capsys, *argv):
    code = data.main(list(argv))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_rgba_folder_is_shown_upright_uncut_on_the_background(tmp_path, capsys):
    folder, sheet = tmp_path / "folder", tmp_path / "out" / "sheet.png"
    folder.mkdir()
    picture = np.zeros((64, 64, 4), np.uint8)
    picture[:32, :, :] = (255, 0, 0, 255)  # The upper half is red.
    for i in range(3):
        Image.fromarray(picture).save(folder / f"{i}.png")
    code, output, _ = run(
        capsys,
        f"--image_dir={folder}",
        f"--output={sheet}",
        "--background=#00ff00",
    )
    assert code == 0
    shown = load_png(sheet)
    cell = shown[2:66, 2:66]
    assert (cell[:31] == (255, 0, 0)).all()
    assert (cell[33:] == (0, 255, 0)).all()
    assert "3 images" in output
    assert "64 to 64 pixels wide" in output
    assert "0 grey, 3 colour" in output
    assert str(sheet) in output


def test_photograph_is_turned_upright(tmp_path, capsys):
    folder, sheet = tmp_path / "folder", tmp_path / "sheet.png"
    folder.mkdir()
    # Red on the left; to be turned by 90 degrees clockwise: red on top.
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:, :32, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(picture).save(folder / "a.jpg", exif=exif, quality=95)
    code, _, _ = run(capsys, f"--image_dir={folder}", f"--output={sheet}")
    assert code == 0
    cell = load_png(sheet)[2:66, 2:66, 0]
    assert (cell[:28] > 200).all() and (cell[36:] < 60).all()


def test_embedded_digits_need_no_flags(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, output, _ = run(capsys, "--split=test")
    assert code == 0
    assert "mnist_5k: 1000 images (test)" in output
    assert "10 classes" in output
    assert "Warning" not in output
    sheet = load_png(tmp_path / "contact_sheet.png")
    assert sheet.shape == (8 * 34 + 2, 8 * 34 + 2, 1)


def test_few_images_are_warned_of(tmp_path, capsys):
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    _, output, _ = run(
        capsys, f"--image_dir={tmp_path}", f"--output={tmp_path}/s.png"
    )
    assert "Warning: fewer than 250 images" in output


def test_what_nobody_means_is_counted(tmp_path, capsys, write_pictures):
    folder = tmp_path / "pets"
    write_pictures(folder, ["a.png", "@eaDir/a.png/thumb.jpg", "._a.png"])
    (folder / "notes.txt").write_text("Pets.")
    code, output, _ = run(
        capsys, f"--image_dir={folder}", f"--output={tmp_path}/s.png"
    )
    assert code == 0 and f"{folder}: 1 images (train)" in output
    assert "hidden or a system's own: 2 (1 ._*, 1 @eaDir)" in output
    assert "Beside the images: 1 other file (1 .txt)" in output


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (["--image_size=63"], 2, "63"),
        (["--dataset=cifar10", "--image_dir=x"], 2, "not both"),
        (["--output=sheet.jpg"], 2, "sheet.jpg"),
        (["--nonsense=1"], 2, "nonsense"),
        (["--dataset=mnits"], 1, "mnist"),
        (["--image_dir=/nowhere/at/all"], 1, "/nowhere/at/all"),
        (["--image_dir=.", "--background=whit"], 2, "whit"),
        (["--split=validation"], 1, "validation"),
    ],
)
def test_bad_input_is_one_line(capsys, flags, code, message):
    result, _, errors = run(capsys, *flags)
    lines = [line for line in errors.splitlines() if "error:" in line]
    assert result == code
    assert len(lines) == 1 and message in lines[0]
    assert "Traceback" not in errors
