"""What a new run holds out of its images, and what it records of that."""

import re
from pathlib import Path

import numpy as np
import pytest

from dcgan_tf import api
from dcgan_tf.config import DataConfig, move_to_folder
from dcgan_tf.data.given.images import open_given, resolve_given
from dcgan_tf.data.held_out import AUTO, LARGE, NONE, ONE_IN_10, ONE_IN_20
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.runs.image_settings import open_images

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), np.uint8)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Folders of 15, 130 and 200 images, one of 5 others, and splits."""
    from PIL import Image

    root = tmp_path_factory.mktemp("pictures")
    counts = {"15": 15, "130": 130, "200": 200, "others": 5}
    for name, count in {**counts, "splits/train": 30, "splits/test": 4}.items():
        (root / name).mkdir(parents=True)
        for i in range(count):
            pixels = np.full((4, 4, 3), i, np.uint8)
            Image.fromarray(pixels).save(root / name / f"{count}-{i}.png")
    np.savez(root / "splits.npz", x_train=IMAGES, x_test=IMAGES[:4])
    return root


def make_config(folders, place, batch_size=8, **settings):
    if "/" in place or place.isdigit() or place.startswith("splits"):
        settings["image_dir"] = str(folders / place)
    else:
        settings["dataset"] = place
    if "held_out_dir" in settings:
        settings["held_out_dir"] = str(folders / settings["held_out_dir"])
    settings |= {"image_size": (16, 16), "batch_size": batch_size}
    return resolve_run_config(settings)


def open_new(folders, tmp_path, place, given=None, **settings):
    """Opens a new run's images, with others to evaluate on as `given` has."""
    if given == "folder":
        settings["held_out_dir"] = "others"
    return open_images(
        make_config(folders, place, **settings),
        tmp_path / "run",
        open_given(IMAGES) if place == "arrays" else None,
        is_held_out_given=given == "arrays",
    )


@pytest.mark.parametrize("given", [None, "folder", "arrays"])
@pytest.mark.parametrize(
    ("place", "settings", "alone", "beside_others"),
    [
        ("200", {}, (ONE_IN_10, 181, 8_000), (NONE, 200, 8_000)),
        ("15", {}, (NONE, 15, 0), (NONE, 15, 8_000)),
        ("130", {"batch_size": 128}, (NONE, 130, 0), (NONE, 130, 500)),
        (
            "200",
            {"hold_out": ONE_IN_10},
            (ONE_IN_10, 181, 8_000),
            (ONE_IN_10, 181, 8_000),
        ),
        ("200", {"hold_out": NONE}, (NONE, 200, 0), (NONE, 200, 8_000)),
        ("200", {"hold_out": LARGE}, (LARGE, 200, 0), (NONE, 200, 8_000)),
        ("splits", {}, (NONE, 30, 8_000), (NONE, 30, 8_000)),
    ],
)
def test_held_out_images_count_however_they_are_given(
    folders, tmp_path, place, settings, alone, beside_others, given
):
    config, source = open_new(folders, tmp_path, place, given, **settings)
    found = (
        config.data.hold_out,
        source.num_examples,
        config.training.eval_every,
    )
    assert found == (beside_others if given else alone)


@pytest.mark.parametrize(("held_out", "is_given"), [(None, 0), (IMAGES, 1)])
def test_a_program_says_whether_it_gives_some(
    folders, tmp_path, monkeypatch, held_out, is_given
):
    def stop(*_, is_held_out_given, **__):
        raise ValueError(f"given: {is_held_out_given:d}")

    monkeypatch.setattr(api, "run_training", stop)
    with pytest.raises(ValueError, match=f"given: {is_given}"):
        api.train(folders / "200", tmp_path / "run", held_out=held_out)


@pytest.mark.parametrize("rule", [ONE_IN_10, ONE_IN_20])
@pytest.mark.parametrize(
    ("place", "batch_size", "message"),
    [
        ("130", 128, "1.. of the 130 images .* batch size 128.* hold_out='n"),
        ("arrays", 8, "of arrays all images are trained on; leave it out"),
        ("mnist_5k", 8, "the splits of mnist_5k say what is held out"),
        ("splits", 8, "splits say what is held out; leave it out"),
        ("splits.npz", 8, "splits.npz say what is held out; leave it out"),
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused(
    folders, tmp_path, place, batch_size, message, rule
):
    settings = {"batch_size": batch_size, "hold_out": rule}
    with pytest.raises(ValueError, match=f"hold_out '{rule}'") as error:
        open_new(folders, tmp_path, place, **settings)
    message = message.replace("splits say", "splits of .*splits say")
    assert re.search(message, str(error.value))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "place", ["arrays", "mnist_5k", "splits", "splits.npz"]
)
def test_where_no_rule_chose_none_does_later(folders, tmp_path, place):
    """In a folder of such images, those that were trained on would be."""
    config, source = open_new(folders, tmp_path, place)
    assert source.held_out_rule is None
    assert config.data.hold_out == NONE


@pytest.mark.parametrize(
    "move",
    [
        move_to_folder,
        lambda data, folder: resolve_given(Path(folder)).move(data),
    ],
)
@pytest.mark.parametrize("recorded", [AUTO, LARGE, ONE_IN_10])
@pytest.mark.parametrize(
    ("dataset", "image_dir", "expected"),
    [
        ("arrays", None, NONE),
        ("mnist_5k", None, NONE),
        ("image_folder", "/gone", None),
    ],
)
def test_a_run_that_recorded_another_rule_holds_out_none_of_a_folder(
    folders, dataset, image_dir, expected, recorded, move
):
    data = DataConfig(
        dataset, image_dir, hold_out=recorded, hold_out_also=("1.png",)
    )
    moved = move(data, str(folders / "200"))
    assert (moved.dataset, moved.image_dir) == (
        "image_folder",
        str(folders / "200"),
    )
    assert moved.hold_out == (expected or recorded)
    assert moved.hold_out_also == (() if expected else ("1.png",))
