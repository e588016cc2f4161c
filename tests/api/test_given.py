"""Arguments of every kind: read as they are meant, or refused in a line."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from fixtures.tiny_arrays import TINY, make_images
from PIL import Image

import dcgan_tf
from dcgan_tf.data.given.arrays import open_arrays, stack_images
from dcgan_tf.data.given.images import open_given, resolve_given
from dcgan_tf.data.labels.class_labels import check_label_names

LABELS = np.arange(40) % 3


@pytest.mark.parametrize(
    ("change", "is_other"),
    [
        (lambda x: x, False),
        (lambda x: x[::-1], False),
        (lambda x: x[:30], False),
        (lambda x: 255 - x, True),
        (lambda x: x[:, :, ::-1], True),
    ],
)
def test_other_images_than_a_runs_are_told(
    run, images, caplog, change, is_other
):
    dcgan_tf.load(run.path, images=change(images))
    assert ("are others" in caplog.text) == is_other


def test_other_images_in_a_folder_are_told(run, tmp_path, caplog):
    images = make_images(5, seed=9)
    np.save(tmp_path / "others.npy", images)
    given = dcgan_tf.load(run.path, images=tmp_path / "others.npy")
    given.features(images)
    assert "the 5 of" in caplog.text and "are others" in caplog.text


def test_a_run_stays_where_it_was_when_the_folder_changes(
    run, images, held_out, tmp_path, monkeypatch
):
    (tmp_path / "elsewhere").mkdir()
    shutil.copytree(run.path, tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    moved = dcgan_tf.load("run", images=images, held_out=held_out)
    resumed = dcgan_tf.train(images, "run", held_out=held_out, **TINY)
    monkeypatch.chdir(tmp_path / "elsewhere")
    for found in (moved, resumed):
        assert list(found.history["step"]) == list(run.history["step"])
        found.evaluate(["frechet"], features="random", num_samples=12)
    assert (tmp_path / "run" / "evaluation" / f"{run.step}.json").is_file()
    assert not any((tmp_path / "elsewhere").iterdir())


def test_a_home_folder_is_meant_by_its_sign(
    run, images, held_out, tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "here").mkdir()
    shutil.copytree(run.path, tmp_path / "run")
    monkeypatch.chdir(tmp_path / "here")
    run.export("~/exported", log=None)
    dcgan_tf.images.save_png("~/a.png", images[0])
    dcgan_tf.images.save_gif("~/a.gif", images[:2])
    home = dcgan_tf.load("~/run", images=images, held_out=held_out)
    home.evaluate(["frechet"], features="random", num_samples=12)
    assert dcgan_tf.load_generator("~/run").name == home.generator.name
    names = {path.name for path in tmp_path.iterdir()}
    assert {"exported", "a.png", "a.gif"} < names
    assert not any((tmp_path / "here").iterdir())


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ("", "is empty"),
        (None, "is a NoneType; give a path"),
        (5, "is a int; give a path"),
        (b"run", "is a bytes; give a path"),
        (["run"], "is a list; give a path"),
        ("gs://bucket/run", "is an address"),
        ("a\0b", "NUL"),
        ("~nobody-of-that-name/x", "names a home folder"),
    ],
)
def test_what_is_no_path_is_refused_by_name(
    run, images, tmp_path, monkeypatch, given, part
):
    monkeypatch.chdir(tmp_path)
    calls = {
        "run_dir": lambda: dcgan_tf.train(images, given, **TINY),
        "path": lambda: dcgan_tf.load(given),
        "export_dir": lambda: run.export(given),
        "cache_dir": lambda: run.evaluate(cache_dir=given),
        "inception_path": lambda: run.evaluate(inception_path=given),
        "init_from": lambda: dcgan_tf.train(
            images, "new", init_from=given, **TINY
        ),
    }
    if given is None:  # These may be left out.
        for name in ("cache_dir", "inception_path", "init_from"):
            del calls[name]
    for name, call in calls.items():
        with pytest.raises(ValueError, match=part) as error:
            call()
        assert str(error.value).startswith(f"{name} ")
    with pytest.raises(ValueError, match=part):
        dcgan_tf.images.save_png(given, images[0])
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"labels": LABELS}, r"as \(images, labels\)"),
        ({"exclude": ["1"]}, "exclude is a list; give a path"),
        ({"held_out_dir": np.zeros(3)}, "held_out_dir is a ndarray"),
        ({"background": (255, 255, 255)}, "is no colour"),
        ({"preset": ["paper_64"]}, "preset is"),
        ({"family": ["dcgan"]}, "family is"),
        ({"conditional": "no"}, "conditional is a str"),
        ({"conditional": LABELS}, "conditional is a ndarray"),
        ({"init_from": object()}, "init_from is a object"),
    ],
)
def test_settings_of_another_kind_are_refused(images, tmp_path, settings, part):
    with pytest.raises(ValueError, match=part) as error:
        dcgan_tf.train(images, tmp_path / "run", **{**TINY, **settings})
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "act",
    [
        lambda run: run.evaluate([["frechet"]]),
        lambda run: run.export("x", formats=[["web"]]),
        lambda run: run.export("x", formats=None),
        lambda run: run.export("x", formats=(f for f in ["web"])),
        lambda run: run.features([[1, 2], [3]]),
    ],
)
def test_lists_of_another_kind_are_refused(run, act):
    with pytest.raises(ValueError, match="use|give|is not one of|differ"):
        act(run)


def test_a_strategys_scope_is_refused(images, tmp_path):
    with (
        tf.distribute.OneDeviceStrategy("/cpu:0").scope(),
        pytest.raises(ValueError, match="strategy='mirrored', outside"),
    ):
        dcgan_tf.train(images, tmp_path / "run", **TINY)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["cats.zip", "imagse/cats", "nothing_here"])
def test_a_missing_folder_is_told(tmp_path, name):
    with pytest.raises(ValueError, match=f"no folder or file '{name}' here"):
        dcgan_tf.train(name, tmp_path / "run", **TINY)


def test_numbers_far_apart_are_no_classes(images):
    with pytest.raises(ValueError, match="return_inverse"):
        open_arrays(images, LABELS * 30_000_000)


@pytest.mark.parametrize(
    "names",
    [
        ["a", "b", "c"],
        ("a", "b", "c"),
        np.array(["a", "b", "c"]),
        np.array(["a", "b", "c"], object),
    ],
)
def test_names_of_classes_in_order_are_taken(images, names):
    given = resolve_given((images, LABELS), label_names=names)
    assert given.source.label_names == ("a", "b", "c")


@pytest.mark.parametrize(
    "names",
    [
        "abc",
        {0: "a", 1: "b", 2: "c"},
        {"a", "b", "c"},
        (name for name in "abc"),
        ["a", None, "c"],
        ["a", b"b", "c"],
        ["a", "", "c"],
        ["a", "b", "a"],
        3,
    ],
)
def test_names_of_classes_in_another_form_are_refused(names):
    with pytest.raises(ValueError, match="^label_names "):
        check_label_names(names)


@pytest.mark.parametrize(
    "labels",
    [[*"aba"], tuple("aba"), np.array([*"aba"]), np.array([*"aba"], object)],
)
def test_classes_are_named_in_any_list(conditional_run, labels):
    by_number = conditional_run.sample(3, labels=[0, 1, 0])
    assert (conditional_run.sample(3, labels=labels) == by_number).all()


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("P", "red", (255, 0, 0)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("HSV", (0, 255, 255), (255, 0, 0)),
        ("YCbCr", (76, 85, 255), (254, 0, 0)),
        ("1", 1, (255,)),
        ("L", 7, (7,)),
        ("RGB", (1, 2, 3), (1, 2, 3)),
        ("RGBA", (1, 2, 3, 4), (1, 2, 3, 4)),
        ("LA", (7, 9), (7, 7, 7, 9)),
    ],
)
def test_pillows_images_are_read_by_their_mode(mode, colour, expected):
    images = [Image.new(mode, (16, 16), colour)] * 3
    stacked = stack_images(images)
    source = open_given(images)
    assert source.image_shape == (16, 16, len(expected))
    assert np.array_equal(np.atleast_1d(stacked[1, 2, 3]), expected)


@pytest.mark.parametrize(
    "batch",
    [
        lambda x, y: tf.data.Dataset.from_tensor_slices(x).batch(7),
        lambda x, y: tf.data.Dataset.from_tensor_slices((x, y)).batch(7),
        lambda x, y: tf.data.Dataset.from_tensor_slices((x, y)).batch(
            8, drop_remainder=True
        ),
        lambda x, y: tf.data.Dataset.from_tensor_slices(x[..., None]).batch(7),
        lambda x, y: tf.data.Dataset.from_tensor_slices(x[..., None]),
        lambda x, y: tf.data.Dataset.from_tensor_slices(
            {"image": x, "label": y}
        ).batch(7),
    ],
)
def test_grey_images_come_in_batches_too(batch):
    grey = make_images(40, (16, 16))
    source = open_given(batch(grey, LABELS))
    assert (source.num_examples, source.image_shape) == (40, (16, 16, 1))


def test_no_images_are_told(run):
    for act in (lambda: open_given([]), lambda: run.features([])):
        with pytest.raises(ValueError, match="there are none"):
            act()


def test_a_path_object_is_a_path(run, images, tmp_path):
    path = Path(tmp_path, "a.png")
    dcgan_tf.images.save_png(path, images[0])
    assert os.path.isfile(path)
