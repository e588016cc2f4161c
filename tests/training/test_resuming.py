"""What is said, and what is refused, of a run that is resumed."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from dcgan_tf.config import DataConfig
from dcgan_tf.data.given.images import open_given
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.source import build_array_source
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.runs import checkpoints, folder
from dcgan_tf.training.resuming import check_run, save_record

SETTINGS = {"image_size": (16, 16)}


def make_source(seed=0):
    images = np.random.default_rng(seed).integers(
        0, 256, (12, 16, 16, 1), np.uint8
    )
    labels = np.arange(12) % 3
    return build_array_source("mine", "train", images, labels)


@pytest.fixture
def run_dir(tmp_path, monkeypatch):
    """A run in bfloat16, said to have a checkpoint."""
    source = make_source()
    folder.save_run_config(
        tmp_path,
        resolve_run_config(SETTINGS),
        precision="mixed_bfloat16",
        images=source.fingerprint_images().to_dict(),
    )
    monkeypatch.setattr(checkpoints, "list_steps", lambda path: [3])
    return tmp_path


def check_resuming(run_dir, config, source, precision, **options):
    record = folder.check_run_dir(run_dir, config)
    return check_run(run_dir, record, config, source, precision, **options)


def check(run_dir, precision="mixed_bfloat16", seed=0, **settings):
    config = resolve_run_config({**SETTINGS, **settings})
    return check_resuming(run_dir, config, make_source(seed), precision)


@pytest.mark.parametrize(
    ("settings", "notes"),
    [
        ({}, []),
        ({"steps": 7}, []),  # The progress tells.
        ({"keep_checkpoints": 9}, ["keep checkpoints 9 (was "]),
        ({"cache": "off"}, ["cache off (was auto)"]),
        ({"precision": "float32"}, ["precision float32 (was mixed_bfloat16)"]),
    ],
    ids=str,
)
def test_what_changes_is_said(run_dir, settings, notes):
    precision = settings.get("precision", "mixed_bfloat16")
    found = check(run_dir, **{**settings, "precision": precision})
    assert len(found) == len(notes)
    for line, start in zip(found, notes, strict=True):
        assert line.startswith(start)


def check_start(run_dir, was, now):
    """What is said of a run that was started from `was`, where it says so."""
    record = folder.load_run_record(run_dir)
    record["training"]["init_from"] = was
    (run_dir / folder.CONFIG_FILE).write_text(json.dumps(record))
    config = resolve_run_config(SETTINGS)
    return check_resuming(
        run_dir, config, make_source(), "mixed_bfloat16", init_from=now
    )


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("/a@3", None),
        ("/a@3", "/a@3"),
        ("/a@3", "/a"),
        ("/a@3", "/b/../a@best"),
        ("/a@3", Path("/a")),
        (None, None),
    ],
)
def test_the_same_start_is_no_change(run_dir, was, now):
    assert check_start(run_dir, was, now) == []


@pytest.mark.parametrize("now", ["/b", "/b@3", "/a@4", Path("/b")])
def test_another_start_is_refused(run_dir, now):
    """It was passed over: the run was resumed as it was."""
    message = f"from '/a@3', not from {str(now)!r}; leave init_from out"
    with pytest.raises(ValueError, match=message):
        check_start(run_dir, "/a@3", now)


def test_a_start_that_a_run_does_not_know_is_told(run_dir):
    (note,) = check_start(run_dir, None, "/a")
    assert note.startswith("WARNING: init_from='/a' is passed over")


def test_mixed_float16_goes_with_no_other(run_dir):
    with pytest.raises(ValueError, match="precision='mixed_bfloat16'"):
        check(run_dir, precision="mixed_float16")


def test_other_images_are_refused(run_dir):
    with pytest.raises(ValueError, match="are others"):
        check(run_dir, seed=1)


def test_a_new_run_has_nothing_to_compare(run_dir, monkeypatch):
    monkeypatch.setattr(checkpoints, "list_steps", lambda path: [])
    assert check(run_dir, precision="mixed_float16", seed=1) == []


def test_a_source_that_cannot_tell_its_images_is_taken(run_dir):
    source = dataclasses.replace(make_source(1), fingerprint_images=None)
    config = resolve_run_config(SETTINGS)
    assert check_resuming(run_dir, config, source, "mixed_bfloat16") == []


LABELS = np.arange(12) % 2
PIXELS = np.random.default_rng(5).integers(0, 256, (12, 16, 16, 3), np.uint8)


def open_arrays(tmp_path, labels, images=PIXELS):
    return DataConfig("arrays"), open_given((images, labels))


def open_dataset(tmp_path, labels, images=PIXELS):
    pairs = tf.data.Dataset.from_tensor_slices((images, labels))
    return DataConfig("arrays"), open_given(pairs)


def open_npz(tmp_path, labels, images=PIXELS, **more):
    np.savez(tmp_path / "a.npz", x=images, y=labels, **more)
    data = DataConfig("image_folder", image_dir=str(tmp_path / "a.npz"))
    return data, load_source(data)


def open_npz_splits(tmp_path, labels, images=PIXELS):
    """The same test images and labels, whatever is trained on."""
    splits = {"x": images, "y": labels}
    splits = {f"{name}_train": array for name, array in splits.items()}
    splits |= {"x_test": PIXELS[:2], "y_test": LABELS[:2]}
    np.savez(tmp_path / "b.npz", **splits)
    data = DataConfig("image_folder", image_dir=str(tmp_path / "b.npz"))
    return data, load_source(data)


def open_folders(tmp_path, labels, images=PIXELS):
    root = tmp_path / "classes"
    shutil.rmtree(root, ignore_errors=True)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        (root / f"class{label}").mkdir(parents=True, exist_ok=True)
        path = root / f"class{label}" / f"{number}.png"
        Image.fromarray(image).save(path)
    data = DataConfig("image_folder", image_dir=str(root))
    return data, load_source(data)


def save_run(run_dir, data, source, num_classes=2):
    run_dir.mkdir()
    config = resolve_run_config({**SETTINGS, "num_classes": num_classes})
    config = dataclasses.replace(config, data=data)
    save_record(run_dir, config, source, "float32")
    return config


OTHER_LABELS = "other labels than before of the same images"


@pytest.mark.parametrize(
    ("labels", "order", "images", "note"),
    [
        (LABELS, None, PIXELS, None),
        # The same pairs: only the order of training is another.
        (LABELS[::-1], slice(None, None, -1), PIXELS, None),
        (1 - LABELS, None, PIXELS, f"WARNING: {OTHER_LABELS}"),
        (LABELS[::-1], None, PIXELS, f"WARNING: {OTHER_LABELS}"),
        (
            np.append(1 - LABELS, 0),
            None,
            np.append(PIXELS, PIXELS[:1] // 2, axis=0),
            "labels that can't be compared, since the images changed",
        ),
    ],
    ids=["same", "reordered", "swapped", "shifted", "more images"],
)
@pytest.mark.parametrize(
    "open_source",
    [open_arrays, open_dataset, open_npz, open_npz_splits, open_folders],
)
def test_other_labels_of_a_conditional_run_are_named(
    tmp_path, monkeypatch, open_source, labels, order, images, note
):
    config = save_run(tmp_path / "run", *open_source(tmp_path, LABELS))
    monkeypatch.setattr(checkpoints, "list_steps", lambda path: [3])
    images = images if order is None else images[order]
    _, source = open_source(tmp_path, labels, images)
    notes = check_resuming(tmp_path / "run", config, source, "float32")
    notes = [text for text in notes if "labels" in text.partition("/")[0]]
    assert notes == ([note] if note else [])
    # Runs that recorded none are resumed as they were.
    record = folder.load_run_record(tmp_path / "run")
    del record["labels_digest"]
    (tmp_path / "run" / folder.CONFIG_FILE).write_text(json.dumps(record))
    notes = check_resuming(tmp_path / "run", config, source, "float32")
    assert not [text for text in notes if "labels" in text.partition("/")[0]]


def test_what_is_excluded_changes_no_labels(tmp_path, monkeypatch):
    (tmp_path / "exclude.txt").write_text("3\nclass1/3.png\n")
    exclude = str(tmp_path / "exclude.txt")
    monkeypatch.setattr(checkpoints, "list_steps", lambda path: [3])
    for open_source in (open_npz, open_folders):
        data, source = open_source(tmp_path, LABELS)
        run_dir = tmp_path / open_source.__name__
        config = save_run(run_dir, data, source)
        data = dataclasses.replace(data, exclude=exclude)
        config = dataclasses.replace(config, data=data)
        notes = check_resuming(run_dir, config, load_source(data), "float32")
        assert notes == [f"exclude {exclude} (was none)"]


A, B, C = "a.csv", "b.csv", "c.csv"


@pytest.mark.parametrize(
    ("was", "now", "has_folders", "note"),
    [
        (A, A, False, None),
        (A, B, False, "labels in {b} (were in {a})"),
        (A, C, False, "other labels in {c} than before"),
        (A, None, False, "no labels in place of those in {a}"),
        (A, None, True, "classes by subfolders in place of those in {a}"),
        (None, A, True, "labels in {a}, where no table was given before"),
        (None, A, False, "labels in {a}, where no table was given before"),
    ],
)
def test_a_table_of_labels_that_changes_is_named(
    tmp_path, monkeypatch, was, now, has_folders, note
):
    data, _ = open_folders(tmp_path, LABELS if has_folders else LABELS * 0)
    names = sorted(path.name for path in Path(data.image_dir).rglob("*.png"))
    for table, other in ((A, 0), (B, 0), (C, 1)):
        rows = [f"{name},{(i + other) % 2}" for i, name in enumerate(names)]
        (tmp_path / table).write_text("\n".join(rows))
    paths = {table[0]: str(tmp_path / table) for table in (A, B, C)}
    before, after = (
        dataclasses.replace(data, labels=table and str(tmp_path / table))
        for table in (was, now)
    )
    run_dir = tmp_path / "run"
    config = save_run(run_dir, before, load_source(before), num_classes=0)
    monkeypatch.setattr(checkpoints, "list_steps", lambda path: [3])
    config = dataclasses.replace(config, data=after)
    notes = check_resuming(run_dir, config, load_source(after), "float32")
    assert notes == ([note.format(**paths)] if note else [])


def test_labels_that_are_left_out_are_named(tmp_path, monkeypatch):
    config = save_run(tmp_path / "run", *open_arrays(tmp_path, LABELS), 0)
    monkeypatch.setattr(checkpoints, "list_steps", lambda path: [3])
    notes = check_resuming(
        tmp_path / "run", config, open_given(PIXELS), "float32"
    )
    assert notes == ["no labels, where images had some before"]
