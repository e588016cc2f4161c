"""A run resumes with its images, and with no others."""

import json
import os
import shutil

import numpy as np
import PIL.Image
import pytest

from dcgan_tf.data.open_source import load_source
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.runs.folder import load_run_record, save_run_config
from dcgan_tf.runs.image_identity import IMAGES_KEY, compare_images


def save_images(folder, count, seed=0, suffix=".png"):
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    for number in range(count):
        pixels = generator.integers(0, 256, (16, 16, 3), np.uint8)
        PIL.Image.fromarray(pixels).save(folder / f"{number:04d}{suffix}")


def same(folder, tmp_path):
    pass


def moved(folder, tmp_path):
    shutil.move(folder, tmp_path / "moved")
    return tmp_path / "moved"


def copied_and_touched(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy", copy_function=shutil.copyfile)
    return tmp_path / "copy"


def renamed_and_nested(folder, tmp_path):
    (folder / "deeper").mkdir()
    for path in folder.glob("*.png"):
        path.rename(folder / "deeper" / f"new{path.name}")


def more(folder, tmp_path):
    save_images(folder / "new", 5, seed=1)


def many_more(folder, tmp_path):
    save_images(folder / "new", 200, seed=1)


def fewer(folder, tmp_path):
    for path in sorted(folder.glob("*.png"))[:30]:
        path.unlink()


def one_less_and_more(folder, tmp_path):
    more(folder, tmp_path)
    (folder / "0007.png").unlink()


def others(folder, tmp_path):
    """Of the same names and sizes in pixels."""
    save_images(folder, 40, seed=2)


def other_bitmaps(folder, tmp_path):
    shutil.rmtree(folder)
    save_images(folder, 40, seed=3, suffix=".bmp")


@pytest.fixture
def folder(tmp_path):
    save_images(tmp_path / "cats" / "images", 40)
    return tmp_path / "cats" / "images"


def load(folder, **settings):
    config = resolve_run_config({"image_dir": str(folder), **settings})
    return config, load_source(config.data).fingerprint_images()


def compare(run_dir, config, images, allow_fewer=False):
    record = load_run_record(run_dir)
    return compare_images(run_dir, record, config, images, allow_fewer)


def make_run(folder, tmp_path):
    config, images = load(folder)
    (tmp_path / "run").mkdir()
    save_run_config(tmp_path / "run", config, **{IMAGES_KEY: images.to_dict()})
    return tmp_path / "run"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (same, None),
        (moved, "the same 40 images, now in"),
        (copied_and_touched, "the same 40 images, now in"),
        (renamed_and_nested, None),
        (more, "45 images in .* \\(were 40\\)"),
        (many_more, "240 images in .* \\(were 40\\)"),
    ],
)
def test_the_same_and_more_go_on(change, said, folder, tmp_path):
    run_dir = make_run(folder, tmp_path)
    folder = change(folder, tmp_path) or folder
    note = compare(run_dir, *load(folder))
    if said is None:
        assert note is None
    else:
        import re

        assert re.search(said, note), note
        assert str(folder) in note


@pytest.mark.parametrize(
    ("change", "num_lost"), [(fewer, 30), (one_less_and_more, 1)]
)
def test_fewer_need_a_flag(change, num_lost, folder, tmp_path):
    run_dir = make_run(folder, tmp_path)
    change(folder, tmp_path)
    config, images = load(folder)
    with pytest.raises(
        ValueError, match=f"{num_lost} of the 40 .*give allow_fewer_images"
    ):
        compare(run_dir, config, images)
    note = compare(run_dir, config, images, allow_fewer=True)
    assert f"{num_lost} of the 40" in note


def test_a_list_of_names_to_leave_out_takes_none_away(folder, tmp_path):
    run_dir = make_run(folder, tmp_path)
    (tmp_path / "list.txt").write_text("0003.png\n")
    excluded = load(folder, exclude=str(tmp_path / "list.txt"))
    assert compare(run_dir, *excluded) is None


@pytest.mark.parametrize("change", [others, other_bitmaps])
@pytest.mark.parametrize("allow_fewer", [False, True])
def test_others_are_refused(change, allow_fewer, folder, tmp_path):
    run_dir = make_run(folder, tmp_path)
    change(folder, tmp_path)
    with pytest.raises(ValueError, match="trained on 40 .* are others"):
        compare(run_dir, *load(folder), allow_fewer)


def test_a_run_without_a_record_takes_what_it_meets_and_says_so(
    folder, tmp_path
):
    run_dir = make_run(folder, tmp_path)
    path = run_dir / "config.json"
    record = json.loads(path.read_text())
    del record[IMAGES_KEY]
    path.write_text(json.dumps(record))
    note = compare(run_dir, *load(folder))
    assert "0.1.0" in note and "40" in note and os.fspath(folder) in note
