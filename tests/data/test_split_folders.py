"""Folders named train and test are splits of one dataset, not classes."""

import json

import pytest

from dcgan_tf.cli import data as data_command
from dcgan_tf.cli import train as train_command
from dcgan_tf.config import DataConfig, RunConfig
from dcgan_tf.data.open_source import (
    count_common,
    load_held_out,
    load_source,
)
from dcgan_tf.data.pipeline import load_images
from dcgan_tf.data.split_folders import resolve_split
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.runs.folder import load_run_config

TINY = (
    "--image_size=16", "--base_filters=4", "--latent_dim=4",
    "--batch_size=4", "--strategy=one_device", "--precision=float32",
    "--report_every=1", "--sample_every=2", "--checkpoint_every=2",
    "--cache=memory",
)  # fmt: skip


def make_names(*folders):
    return [f"{folder}/{i}.png" for folder in folders for i in range(4)]


def make_data(folder, **options):
    return DataConfig(dataset="image_folder", image_dir=str(folder), **options)


CLASSES = ("train/cat", "train/dog")
LAYOUTS = {
    "classes": ((*CLASSES, "test/cat", "test/dog"), "test", True, True),
    "val": ((*CLASSES, "val/cat", "val/dog"), "val", True, True),
    "valid": ((*CLASSES, "valid/cat", "valid/dog"), "valid", True, True),
    "validation": ((*CLASSES, "validation/dog"), "validation", True, True),
    "test and val": ((*CLASSES, "test/cat", "val/dog"), "test", True, True),
    "capitals": (("Train/cat", "Train/dog", "Test/dog"), "test", True, True),
    "flat": (("train", "test"), "test", False, False),
    "flat test": ((*CLASSES, "test"), "test", True, False),
    "test in one folder": ((*CLASSES, "test/all"), "test", True, False),
    "ing": (
        ("training/cat", "training/dog", "testing/dog"), "test", True, True,
    ),
    "in a folder": (
        ("x/y/train/cat", "x/y/train/dog", "x/y/test/dog"), "test", True, True,
    ),
    "flat in a folder": (("x/train", "x/val"), "val", False, False),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts(tmp_path, write_pictures, name):
    folders, held_out_split, has_classes, has_held_out_labels = LAYOUTS[name]
    write_pictures(tmp_path, make_names(*folders))
    data = make_data(tmp_path)
    training = load_source(data)
    assert training.split == "train"
    assert training.label_names == (("cat", "dog") if has_classes else ())
    num_train = 4 * sum("train" in f.lower() for f in folders)
    assert training.num_examples == num_train
    held_out = load_held_out(data, training)
    assert held_out.split == held_out_split
    assert not count_common(training, held_out)
    assert held_out.has_labels == has_held_out_labels
    everything = load_source(make_data(tmp_path, split="all"))
    assert everything.num_examples == 4 * len(folders)


def test_labels_agree_between_splits(tmp_path, write_pictures):
    write_pictures(tmp_path, make_names(*CLASSES, "test/dog"))
    model = resolve_run_config({"image_size": (16, 16)}).model
    data = make_data(tmp_path)
    _, labels = load_images(load_source(data, "test"), model, data)
    assert set(labels) == {1}


@pytest.mark.parametrize(
    "folders",
    [
        ("cat", "dog"),
        ("train", "bus"),  # Vehicles.
        ("test", "val"),
        ("train", "test", "extra"),
    ],
)
def test_what_is_no_layout_stays_as_it_was(tmp_path, write_pictures, folders):
    write_pictures(tmp_path, make_names(*folders))
    new, old = (
        load_source(make_data(tmp_path, folder_splits=is_new))
        for is_new in (True, False)
    )
    assert new.num_examples == old.num_examples == 4 * len(folders)
    assert new.label_names == old.label_names


@pytest.mark.parametrize(
    "folders", [CLASSES, ("test/cat", "test/dog"), ("x/y/cat", "x/y/dog")]
)
def test_a_folder_around_all_is_passed_over(tmp_path, write_pictures, folders):
    """As in an archive; not in runs of version 0.1.0."""
    write_pictures(tmp_path, make_names(*folders))
    new, old = (
        load_source(make_data(tmp_path, folder_splits=is_new))
        for is_new in (True, False)
    )
    assert new.label_names == ("cat", "dog") and not old.label_names
    assert new.num_examples == old.num_examples == 8
    # A cached copy without classes is another.
    assert new.fingerprint != old.fingerprint


@pytest.mark.parametrize(
    ("names", "beside"),
    [
        (("train/1.png", "test/2.png", "3.png"), "3.png"),
        (("x/Train/1.png", "x/val/2.png", "x/more/a/3.png"), "x/more/a/3.png"),
        (("train/1.png", "extra/2.png"), None),
        (("val/1.png", "test/2.png", "3.png"), None),
        (("train/1.png", "test/2.png"), None),
    ],
)
def test_what_lies_beside_splits_is_named(
    tmp_path, write_pictures, caplog, names, beside
):
    """All of it is trained on, which nobody expects."""
    write_pictures(tmp_path, names)
    source = load_source(make_data(tmp_path))
    assert source.num_examples + source.num_held_out == len(names)
    said = [r.getMessage() for r in caplog.records]
    assert [f"but also {beside};" in text for text in said] == (
        [] if beside is None else [True]
    )


def test_classes_that_train_lacks_are_named(tmp_path, write_pictures, caplog):
    write_pictures(tmp_path, make_names(*CLASSES, "test/cat", "test/emu"))
    data = make_data(tmp_path)
    assert load_source(data).label_names == ("cat", "dog")
    assert not caplog.records
    assert not load_source(data, "test").label_names
    assert "'test' are taken without classes: train has no folder 'emu'" in (
        caplog.text
    )


def test_unknown_split_is_refused(tmp_path, write_pictures):
    write_pictures(tmp_path, make_names("train", "test"))
    with pytest.raises(ValueError, match="'extra'; it has t.*, t.*, all"):
        load_source(make_data(tmp_path, split="extra"))


def test_excluded_images_of_a_split(tmp_path, write_pictures):
    write_pictures(tmp_path / "p", make_names("train", "test"))
    listed = tmp_path / "exclude.txt"
    listed.write_text("train/1.png\n")
    data = make_data(tmp_path / "p", exclude=str(listed))
    assert load_source(data).num_examples == 3


def test_data_command_shows_the_training_split(
    tmp_path, write_pictures, capsys
):
    write_pictures(tmp_path / "p", make_names(*CLASSES, "test/cat"))
    argv = [f"--image_dir={tmp_path / 'p'}", f"--output={tmp_path / 's.png'}"]
    assert data_command.main(argv) == 0
    printed = capsys.readouterr().out
    assert "8 images (train)" in printed
    assert "2 classes: cat, dog" in printed


@pytest.mark.parametrize("is_old", [False, True])
def test_runs_keep_what_they_were_trained_on(
    tmp_path, write_pictures, capsys, is_old
):
    """Runs of version 0.1.0, whose config.json doesn't say, had classes."""
    folder, run_dir = tmp_path / "p", tmp_path / "run"
    write_pictures(folder, make_names(*CLASSES, "test/cat"))
    argv = [*TINY, f"--image_dir={folder}", f"--run_dir={run_dir}"]
    assert train_command.main([*argv, "--steps=2"]) == 0
    path = run_dir / "config.json"
    if is_old:
        settings = json.loads(path.read_text())
        del settings["data"]["folder_splits"]
        settings.pop("images", None)  # Nor does it know its images.
        path.write_text(json.dumps(settings))
    code = train_command.main([*argv, "--steps=4"])
    assert code == 0, capsys.readouterr().err
    config = load_run_config(run_dir)
    assert config.data.folder_splits == (not is_old)
    source = load_source(config.data)
    assert source.num_examples == (12 if is_old else 8)
    assert source.label_names == (
        ("test", "train") if is_old else ("cat", "dog")
    )


def test_settings_of_version_0_1_0_have_no_split_folders():
    values = resolve_run_config({"image_dir": "x"}).to_dict()
    del values["data"]["folder_splits"]
    assert not RunConfig.from_dict(values).data.folder_splits


@pytest.mark.parametrize(
    ("splits", "wanted", "found"),
    [
        ((), "train", "train"),
        ((), "test", "test"),
        ((), "all", "all"),
        (("train", "val"), "test", "val"),
        (("train", "test"), "all", "all"),
    ],
)
def test_a_split_has_the_name_that_its_folder_has(splits, wanted, found):
    splits = dict.fromkeys(splits)
    assert resolve_split(splits, wanted, "image folder a") == found


@pytest.mark.parametrize(
    ("splits", "available"),
    [((), "train, test, all"), (("train", "val"), "train, val, all")],
)
def test_a_split_that_is_not_there_is_refused(splits, available):
    message = f"^image folder a has no split 'left'; it has {available}$"
    with pytest.raises(ValueError, match=message):
        resolve_split(dict.fromkeys(splits), "left", "image folder a")
