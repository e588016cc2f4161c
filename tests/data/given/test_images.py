"""Arrays and datasets of a program as sources, and places it names."""

from pathlib import Path

import numpy as np
import pytest
from fixtures.tiny_arrays import (
    make_dataset,
    make_dataset_of_several,
    make_images,
)

from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data.given.images import (
    choose_settings,
    name_place,
    open_given,
    resolve_given,
)
from dcgan_tf.data.pipeline import load_images


@pytest.fixture(scope="module")
def images():
    return make_images()


@pytest.mark.parametrize(
    "kind",
    ["images", "pairs", "batches", "dicts", "shuffled", "of unknown length"],
)
def test_datasets_are_read_once_in_an_order_of_their_own(kind, images):
    source = open_given(make_dataset(kind, images))
    again = open_given(make_dataset(kind, images[::-1]))
    assert source.num_examples == len(images)
    assert source.num_classes == (0 if kind == "images" else 2)
    assert source.fingerprint_images() == again.fingerprint_images()
    first, second = (
        [image for image, _ in opened.read_all().as_numpy_iterator()]
        for opened in (source, again)
    )
    np.testing.assert_array_equal(first, second)


def test_any_few_arrays_in_a_row_are_a_fair_sample():
    """Sorted by class, the first 30 would be of one class."""
    labels = np.repeat(np.arange(4), 50)
    images = np.full((200, 16, 16, 1), 0, np.uint8)
    images[:] = (np.arange(200) + labels).reshape(-1, 1, 1, 1)
    source = open_given((images, labels))
    model = ModelConfig((16, 16), 1)
    some, classes = load_images(source, model, DataConfig("arrays"), 30)
    assert np.bincount(classes, minlength=4).min() >= 3
    positions = [int(source.name_of(i)) for i in range(200)]
    assert sorted(positions) == [*range(200)]
    np.testing.assert_array_equal(classes, labels[positions[:30]])
    np.testing.assert_array_equal(some, images[positions[:30]])


def test_images_of_several_sizes_become_one():
    dataset = make_dataset_of_several([(20, 30, 3), (40, 18, 3)])
    source = open_given(dataset)
    assert choose_settings(source) == {
        "dataset": "arrays", "preset": "paper_64", "channels": 3
    }  # fmt: skip
    model = ModelConfig((16, 16), 3)
    read, _ = load_images(source, model, DataConfig("arrays"))
    assert read.shape == (2, 16, 16, 3)


@pytest.mark.parametrize(
    ("shape", "preset", "image_size"),
    [
        ((28, 28), "mnist_32", (28, 28)),
        ((32, 32, 3), "svhn_32", (32, 32)),
        ((32, 32, 4), "svhn_32", (32, 32)),
        ((96, 96, 3), "paper_64", (96, 96)),
        ((64, 128, 1), "paper_64", (64, 128)),
        ((17, 23, 1), "mnist_32", None),
        ((500, 400, 3), "paper_64", None),
    ],
)
def test_networks_follow_the_shape_of_arrays(shape, preset, image_size):
    source = open_given(make_images(2, shape))
    settings = choose_settings(source)
    assert settings["preset"] == preset
    assert settings.get("image_size") == image_size
    is_grey = len(shape) == 2 or shape[2] == 1
    assert settings["channels"] == (1 if is_grey else 3)


@pytest.mark.parametrize(
    ("place", "setting"),
    [
        ("mnist_5k", "dataset"),
        ("CelebA", "dataset"),
        ("imagenet_resized/32x32", "dataset"),
        ("no_folder_here", "dataset"),
        ("cats", "image_dir"),
        ("mnist", "dataset"),
        ("./mnist", "image_dir"),
        (Path("mnist"), "image_dir"),
        ("~/cats", "image_dir"),
        ("/nowhere", "image_dir"),
        ("..", "image_dir"),
        ("", "image_dir"),
    ],
)
def test_a_name_is_a_dataset_and_a_path_a_folder(
    place, setting, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("cats").mkdir()
    Path("mnist").mkdir()
    assert list(name_place(place)) == [setting]


@pytest.mark.parametrize("argument", ["images", "held_out"])
def test_an_empty_place_is_not_this_folder(argument):
    with pytest.raises(ValueError, match=f"^{argument} is empty; name a"):
        resolve_given(**{"images": None, argument: ""})
