"""`python -m dcgan_tf.cli.dedup`: its list, its sheet, its errors."""

import shutil
import sys

import numpy as np
import pytest
from PIL import Image

import dcgan_tf.data.dedup
from dcgan_tf.cli import dedup
from dcgan_tf.config import DataConfig
from dcgan_tf.data.dedup import codes
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.pipeline import load_images
from dcgan_tf.images import load_png


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Real digits, some of them saved again as JPEG."""
    folder = tmp_path_factory.mktemp("digits")
    data = DataConfig()
    digits, _ = load_images(
        load_source(data), dedup_thumbnail(), data, max_images=120
    )
    for i, digit in enumerate(digits):
        Image.fromarray(digit).save(folder / f"{i:03d}.png")
        if i % 12 == 0:
            Image.fromarray(digit).save(folder / f"{i:03d} again.jpg")
    return folder


@pytest.fixture
def no_training(monkeypatch):
    """Random codes: alike where pixels are, and nearly nowhere else."""
    kernel = np.random.default_rng(0).normal(size=(3_072, 128))
    kernel = (kernel - kernel.mean(axis=0)).astype(np.float32)
    encoder = codes.Encoder(kernel, np.zeros(128))
    monkeypatch.setattr(codes, "train_encoder", lambda *_: encoder)


def dedup_thumbnail():
    from dcgan_tf.data.dedup.codes import THUMBNAIL

    return THUMBNAIL


def test_lists_pairs_and_training_takes_the_list(folder, tmp_path, capsys):
    pytest.importorskip("apache_beam")
    output = tmp_path / "out" / "exclude.txt"
    code = dedup.main(
        [
            f"--image_dir={folder}",
            f"--output={output}",
            "--steps=100",
            "--max_bits=3",
        ]
    )
    assert code == 0
    assert "130 images (all)" in capsys.readouterr().out
    names = output.read_text().splitlines()
    # Of a pair, whichever comes later in the source's order goes.
    numbers = [int(name[:3]) for name in names]
    assert len(set(numbers)) == len(numbers)
    pairs = [number for number in numbers if number % 12 == 0]
    assert len(numbers) - len(pairs) <= 2
    assert len(pairs) >= 9
    assert load_png(output.with_suffix(".png")).dtype == np.uint8
    rest = load_source(
        DataConfig(
            dataset="image_folder",
            image_dir=str(folder),
            hold_out="none",
            exclude=str(output),
        )
    )
    assert rest.num_examples == 130 - len(names)


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (["--max_bits=16"], 2, "--max_bits 16 is not 0 to 15"),
        (["--dataset=cifar10", "--image_dir=x"], 2, "not both"),
        (["--data_dir=x", "--image_dir=y"], 2, "nothing to an image folder"),
        (["--manual_dir=x"], 2, "nothing to mnist_5k: it is embedded"),
        (["--all_pages"], 2, "nothing to mnist_5k: pages are those of a"),
        (["--image_dir=/nowhere/at/all"], 1, None),
    ],
)
def test_bad_input_is_one_line(capsys, flags, code, message):
    assert dedup.main(flags) == code
    errors = capsys.readouterr().err
    lines = [line for line in errors.splitlines() if "error:" in line]
    assert len(lines) == 1 and "Traceback" not in errors
    if message:
        assert message in lines[0]


def test_without_beam_it_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "apache_beam", None)
    # As if no test before had imported it.
    monkeypatch.delitem(
        sys.modules, "dcgan_tf.data.dedup.pipeline", raising=False
    )
    monkeypatch.delattr(dcgan_tf.data.dedup, "pipeline", raising=False)
    assert dedup.main(["--split=test"]) == 1
    assert "dcgan_tf[dedup]" in capsys.readouterr().err


def test_work_folder_may_be_used_again(folder, tmp_path, no_training):
    """What an earlier run left in it, under any name, is not read."""
    pytest.importorskip("apache_beam")
    work = tmp_path / "work [2024]"
    work.mkdir()
    left = '["00000000000000000000000000000000", [0, 1, 2, 3]]\n'
    for file_name in ("members-00000-of-00001", "members-1.jsonl"):
        (work / file_name).write_text(left)
    few = tmp_path / "few"
    few.mkdir()
    for i in range(4):
        number = f"{12 * i + 1:03d}.png"
        (few / number).write_bytes((folder / number).read_bytes())
    lists = []
    for run in range(2):
        output = tmp_path / f"{run}.txt"
        code = dedup.main(
            [
                f"--image_dir={few}",
                f"--output={output}",
                f"--work_dir={work}",
                "--steps=5",
                "--max_bits=0",
            ]
        )
        assert code == 0
        lists.append(output.read_text())
    assert lists == ["", ""]
    assert len(list(work.iterdir())) == 2  # Its own are gone again.


def write_npz(path, images):
    deep = images.astype(np.uint16) * 16
    np.savez(path, x_train=deep[:9], x_test=deep[9:])
    return path


def write_tar(path, images):
    folder = path.parent / "around" / "pets"
    folder.mkdir(parents=True)
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{i}.png")
    (folder / "notes.txt").write_text("Pets.")
    return shutil.make_archive(str(path), "gztar", folder.parent)


def write_pages(path, images):
    path.mkdir()
    first, *others = map(Image.fromarray, images)
    first.save(path / "a.tif", save_all=True, append_images=others)
    return path


PAGE_PAIRS = [{"a.tif", "a.tif#9"}, {"a.tif#4", "a.tif#12"}]
FILE_PAIRS = [{"0.png", "8.png"}, {"3.png", "11.png"}]
NPZ_PAIRS = [{"train__0", "train__8"}, {"train__3", "test__2"}]


@pytest.mark.parametrize(
    ("name", "write", "pairs", "all_pages"),
    [
        ("pets.npz", write_npz, NPZ_PAIRS, False),
        ("pets", write_tar, FILE_PAIRS, False),
        ("pets", write_pages, PAGE_PAIRS, True),
    ],
)
def test_files_of_images_are_listed_too(
    tmp_path, no_training, capsys, name, write, pairs, all_pages
):
    """Image 8 is image 0 again, and 11 is 3: one of each pair goes."""
    pytest.importorskip("apache_beam")
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (12, 32, 32, 3), np.uint8)
    images[[8, 11]] = images[[0, 3]]
    path = write(tmp_path / name, images)
    output = tmp_path / "exclude.txt"
    flags = [f"--image_dir={path}", f"--output={output}", "--max_bits=0"]
    flags += ["--all_pages"] * all_pages
    assert dedup.main(flags) == 0
    printed = capsys.readouterr()
    assert "12 images (all)" in printed.out and not printed.err
    assert "2 groups of near-duplicates; 2 images to leave out" in printed.out
    listed = set(output.read_text().splitlines())
    # Whichever of a pair comes later in the source's order.
    assert len(listed) == 2 and all(listed & pair for pair in pairs)
    data = DataConfig(
        "image_folder", str(path), exclude=str(output), all_pages=all_pages
    )
    rest = load_source(data, "all")
    assert rest.num_examples == 10
    assert load_png(output.with_suffix(".png")).shape[-1] == 3


@pytest.mark.parametrize("runner", ["DirectRunner", "FlinkRunner"])
def test_runners_that_have_never_run_say_so(
    tmp_path, capsys, monkeypatch, runner
):
    def stop():
        raise ValueError("far enough")

    monkeypatch.setattr(dedup, "_import_pipeline", stop)
    assert dedup.main([f"--image_dir={tmp_path}", f"--runner={runner}"]) == 1
    warning = "WARNING: --runner=FlinkRunner is experimental"
    assert (warning in capsys.readouterr().err) == (runner != "DirectRunner")


def test_a_corrected_list_is_kept_and_no_sheet_of_another(
    folder, tmp_path, no_training, capsys
):
    pytest.importorskip("apache_beam")
    few = tmp_path / "few"
    few.mkdir()
    for name in ("000.png", "000 again.png"):
        shutil.copy(folder / "000.png", few / name)
    output = tmp_path / "exclude.txt"
    argv = [f"--image_dir={few}", f"--output={output}", "--steps=1"]
    assert dedup.main([*argv, "--max_bits=15"]) == 0
    found, sheet = output.read_text(), output.with_suffix(".png")
    assert found.count("\n") == 1 and sheet.is_file()
    assert dedup.main([*argv, "--max_bits=15"]) == 0
    assert not list(tmp_path.glob("*.bak"))  # The same once more.
    corrected = f"{found}another.png\n"
    output.write_text(corrected)
    (few / "000 again.png").unlink()
    capsys.readouterr()
    assert dedup.main([*argv, "--max_bits=0"]) == 0
    assert output.read_text() == "" and not sheet.exists()
    assert (tmp_path / "exclude.txt.bak").read_text() == corrected
    assert load_png(tmp_path / "exclude.png.bak").dtype == np.uint8
    printed = capsys.readouterr().out
    assert "exclude.txt held something else: kept as exclude.txt.bak" in printed
    assert "exclude.png held something else: kept as exclude.png.bak" in printed
