"""Two sources never share a default run folder."""

import os
from pathlib import Path

import pytest

from dcgan_tf.presets import resolve_run_config
from dcgan_tf.runs.default_dir import choose_run_dir
from dcgan_tf.runs.folder import save_run_config


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("cats/images", "dogs/images", "x/mnist", "x/paper [a]"):
        Path(name).mkdir(parents=True)
    Path("link").symlink_to("cats/images")


def choose(**settings):
    return choose_run_dir(resolve_run_config(settings).data)


def start_run(recorded=None, **settings):
    """Makes the record that a run in its default folder makes."""
    run_dir, note = choose(**settings)
    run_dir.mkdir(parents=True)
    save_run_config(run_dir, resolve_run_config(recorded or settings))
    return run_dir, note


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"image_dir": "cats/images"}, "images"),
        ({"image_dir": "cats/images/"}, "images"),
        ({"image_dir": "x/paper [a]"}, "paper [a]"),
        ({"image_dir": "/"}, "root"),
        ({"dataset": "mnist"}, "mnist"),
        ({"dataset": "MNIST"}, "mnist"),
        ({"dataset": "imagenet_resized/32x32"}, "imagenet_resized_32x32"),
        ({"dataset": "celeb_a:2.1.0"}, "celeb_a_2.1.0"),
        ({}, "mnist_5k"),
    ],
)
def test_the_first_run_has_the_plain_name_and_keeps_it(settings, name):
    assert start_run(**settings) == (Path("runs") / name, None)
    assert choose(**settings) == (Path("runs") / name, None)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"image_dir": "cats/images"}, {"image_dir": "dogs/images"}),
        ({"dataset": "mnist"}, {"image_dir": "x/mnist"}),
        ({"image_dir": "x/mnist"}, {"dataset": "mnist"}),
        ({"dataset": "a/b"}, {"dataset": "a_b"}),
    ],
)
def test_another_source_has_another_folder_and_is_told(first, second):
    plain, _ = start_run(**first)
    other, note = choose(**second)
    assert other != plain
    assert str(plain) in note and str(other) in note
    assert start_run(**second)[0] == other
    # Each finds its own again.
    assert choose(**second)[0] == other
    assert choose(**first) == (plain, None)


@pytest.mark.parametrize("typed", ["cats/images", "./cats//images", "link"])
def test_a_folder_is_the_same_by_any_path(typed):
    # As version 0.1.0 recorded it: as it was typed.
    start_run(recorded={"image_dir": typed}, image_dir="cats/images")
    path = os.path.abspath("cats/images")
    assert choose(image_dir=path) == (Path("runs/images"), None)


def test_a_run_of_a_name_typed_otherwise_is_found_again():
    run_dir = Path("runs/celeb_a")
    run_dir.mkdir(parents=True)
    config = resolve_run_config({"dataset": "celeb_a"}).to_json()
    (run_dir / "config.json").write_text(
        config.replace('"celeb_a"', '"CelebA"')
    )
    assert choose(dataset="celebA") == (run_dir, None)
