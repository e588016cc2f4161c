"""Embedded datasets: what they hold, their splits and what is left out."""

import numpy as np
import pytest

from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data.open_source import (
    count_common,
    load_held_out,
    load_source,
)
from dcgan_tf.data.pipeline import load_images

MODEL = ModelConfig((32, 32), 1)


def test_mnist_5k_is_split_evenly_and_for_good():
    data = DataConfig()
    images, labels = load_images(load_source(data, "train"), MODEL, data)
    test_images, test_labels = load_images(
        load_source(data, "test"), MODEL, data
    )
    assert images.shape == (4000, 32, 32, 1)
    assert test_images.shape == (1000, 32, 32, 1)
    assert (np.bincount(labels) == 400).all()
    assert (np.bincount(test_labels) == 100).all()
    # White digits on black, the border black.
    assert images[:, 2:-2, 2:-2].mean() > 30
    assert not images[:, :2].any() and not images[..., -2:, :].any()
    train = {image.tobytes() for image in images}
    assert not any(image.tobytes() in train for image in test_images)


def test_any_few_digits_are_of_all_kinds():
    data = DataConfig()
    _, labels = load_images(load_source(data), MODEL, data, max_images=20)
    assert (np.bincount(labels) == 2).all()


def test_mnist_5k_knows_its_names():
    source = load_source(DataConfig())
    assert source.name == "mnist_5k"
    assert source.num_classes == 10
    assert source.label_names[3] == "3"
    assert source.num_skipped == 0


def test_toy_faces_have_attributes():
    data = DataConfig(dataset="toy_faces")
    source = load_source(data, "test")
    model = ModelConfig((32, 32), 3)
    images, labels = load_images(source, model, data, max_images=8)
    assert images.shape == (8, 32, 32, 3)
    assert labels.shape == (8, len(source.attribute_names))
    assert "smiling" in source.attribute_names
    assert source.num_classes == 0 and source.has_labels


def test_config_split_is_what_is_trained_on():
    assert load_source(DataConfig(split="test")).num_examples == 1000
    assert load_source(DataConfig(split="test"), "train").num_examples == 1000


def test_unknown_split_is_refused():
    with pytest.raises(ValueError, match="no split 'validation'.*train and"):
        load_source(DataConfig(), "validation")


@pytest.mark.parametrize(
    ("split", "positions"),
    [
        ("train[:500]", range(500)),
        ("train[90%:]", range(3600, 4000)),
        ("train[-10:-5]", range(3990, 3995)),
        ("train[1:10%]", range(1, 400)),
        ("test[:]", range(1000)),
    ],
)
def test_split_may_be_a_part(split, positions):
    data = DataConfig(split=split)
    source = load_source(data)
    images, labels = load_images(source, MODEL, data)
    whole = DataConfig(split=split.partition("[")[0])
    expected = load_images(load_source(whole), MODEL, whole)
    np.testing.assert_array_equal(images, expected[0][positions])
    np.testing.assert_array_equal(labels, expected[1][positions])
    assert source.name_of(0).endswith(f"__{positions[0]}")
    assert load_source(data, "test").num_examples == 1000


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ("train[:5", r"no split .*parts of these"),
        ("valid[:5]", r"no split .*parts of these"),
        ("train[4000:]", "holds no images: it has 4000 in train"),
    ],
)
def test_part_that_is_none_is_refused(split, message):
    with pytest.raises(ValueError, match=message):
        load_source(DataConfig(split=split))


def test_excluded_images_are_left_out(tmp_path):
    listed = tmp_path / "exclude.txt"
    # As Windows' editors save it: with a byte-order mark.
    text = "train__0\ntrain__7\n\ntrain__3999\n"
    listed.write_text(text, encoding="utf-8-sig")
    data = DataConfig(exclude=str(listed))
    source = load_source(data)
    images, _ = load_images(source, MODEL, data)
    whole, _ = load_images(load_source(DataConfig()), MODEL, DataConfig())
    expected = np.delete(whole, [0, 7, 3999], axis=0)
    np.testing.assert_array_equal(images, expected)
    assert source.num_examples == 3997
    assert source.name_of(0) == "train__1"
    assert source.num_excluded == 3
    # The list is of training images; those held out are all there.
    assert load_source(data, "test").num_examples == 1000


def test_list_made_for_another_dataset_is_refused(tmp_path):
    listed = tmp_path / "exclude.txt"
    listed.write_text("photos/cat.jpg\n")
    with pytest.raises(ValueError, match=r"cat\.jpg.*mnist_5k"):
        load_source(DataConfig(exclude=str(listed)))


@pytest.mark.parametrize(
    ("text", "left", "said"),
    [
        ("0.png\r\n./c/1.png\r\n", ["c/2.png", "c/3.png"], None),
        (" c\\2.png \n{root}/c/3.png\n", ["0.png", "c/1.png"], None),
        (
            "0.png\n./nowhere.png\n# a note\nc/1.png\n",
            ["c/2.png", "c/3.png"],
            "2 of the 4 images to exclude, such as '# a note', are not in ",
        ),
    ],
)
def test_lists_name_images_as_paths(
    tmp_path, write_pictures, caplog, text, left, said
):
    root = tmp_path / "p"
    write_pictures(root, ["0.png", "c/1.png", "c/2.png", "c/3.png"])
    (tmp_path / "list.txt").write_text(text.replace("{root}", str(root)))
    data = DataConfig(
        "image_folder", image_dir=str(root), exclude=str(tmp_path / "list.txt")
    )
    source = load_source(data)
    assert sorted(map(source.name_of, range(source.num_examples))) == left
    assert source.num_excluded == 2
    assert caplog.text.count("to exclude") == bool(said)
    assert (said or "") in caplog.text


def test_missing_list_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.txt"):
        load_source(DataConfig(exclude=str(tmp_path / "nowhere.txt")))


@pytest.mark.parametrize(
    ("split", "held_out"),
    [
        (None, "test"),
        ("train", "test"),
        ("train[:50%]", "test"),
        ("test", "train"),
        ("test[:500]", "train"),
    ],
)
def test_held_out_images_are_no_training_images(split, held_out):
    data = DataConfig(split=split)
    training = load_source(data)
    source = load_held_out(data, training)
    assert source.split == held_out
    assert source.num_examples
    assert not count_common(source, training)


@pytest.fixture
def many_pictures(tmp_path, write_pictures):
    write_pictures(tmp_path / "p", [f"{i}.png" for i in range(1_000)], (1, 1))
    return tmp_path / "p"


def test_held_out_images_of_a_folder(many_pictures):
    for split, held_out in ((None, "test"), ("test", "train")):
        data = DataConfig(
            dataset="image_folder", image_dir=str(many_pictures), split=split
        )
        training = load_source(data)
        source = load_held_out(data, training)
        assert source.split == held_out
        assert source.num_examples + training.num_examples == 1_000
        assert not count_common(source, training)


def test_nothing_held_out_is_refused(many_pictures):
    data = DataConfig(
        dataset="image_folder", image_dir=str(many_pictures), split="all"
    )
    with pytest.raises(ValueError, match="held out from split 'all'.*train"):
        load_held_out(data, load_source(data))


def test_a_small_folder_says_how_to_hold_images_out(tmp_path, write_pictures):
    write_pictures(tmp_path, [f"{i}.png" for i in range(4)])
    data = DataConfig(dataset="image_folder", image_dir=str(tmp_path))
    with pytest.raises(
        ValueError, match="4 images.*none are held.*with held_out"
    ):
        load_held_out(data, load_source(data))
