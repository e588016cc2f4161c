"""Presets, and what each dataset is trained with."""

import pytest

from dcgan_tf.presets import (
    DATASETS,
    PRESETS,
    get_dataset_defaults,
    resolve_run_config,
)


def test_imagenet_preset_is_the_authors_network():
    assert PRESETS["imagenet_32"].convolutions == (
        (128, 1), (128, 2), (256, 1), (256, 2), (512, 1), (512, 2),
    )  # fmt: skip


def test_defaults_come_from_the_dataset_and_flags_win():
    config = resolve_run_config({"dataset": "celeb_a", "steps": 5})
    assert config.model == PRESETS["paper_64"]
    assert config.data.crop == 108
    assert config.training.steps == 5


def test_digits_train_with_the_authors_decay_and_others_without():
    assert resolve_run_config({}).training.weight_decay == 2.5e-5
    settings = {"dataset": "mnist_5k", "weight_decay": 0.0}
    assert resolve_run_config(settings).training.weight_decay == 0
    settings = {"dataset": "celeb_a"}
    assert resolve_run_config(settings).training.weight_decay == 0


def test_image_dir_alone_means_a_folder():
    assert resolve_run_config({"image_dir": "x"}).data.dataset == "image_folder"


def test_unknown_settings_are_refused():
    with pytest.raises(ValueError, match="unknown settings: colour"):
        resolve_run_config({"colour": 1})


def test_every_dataset_resolves():
    for dataset in DATASETS:
        settings = {"dataset": dataset}
        if dataset == "image_folder":
            settings = {"image_dir": "x"}
        assert resolve_run_config(settings).data.dataset == dataset


@pytest.mark.parametrize(
    ("typed", "dataset"),
    [
        ("CelebA", "celeb_a"),
        ("celebA", "celeb_a"),
        ("celeba", "celeb_a"),
        ("Celeb-A", "celeb_a"),
        ("CelebA:2.1.0", "celeb_a:2.1.0"),
        ("MNIST", "mnist"),
        ("MNIST-5k", "mnist_5k"),
        ("ToyFaces", "toy_faces"),
        ("FashionMNIST", "fashion_mnist"),
        ("CIFAR-10", "cifar10"),
        ("ImageNet_Resized/32x32", "imagenet_resized/32x32"),
        ("Food101", "food101"),
        ("celeb_a_hq/64", "celeb_a_hq/64"),
        ("mnits", "mnits"),
    ],
)
def test_a_dataset_has_one_spelling_and_its_defaults(typed, dataset):
    config = resolve_run_config({"dataset": typed})
    assert config.data.dataset == dataset
    assert config == resolve_run_config({"dataset": dataset})


def test_dataset_configs_and_versions_share_their_entry():
    assert get_dataset_defaults("celeb_a:2.1.0").crop == 108
    assert get_dataset_defaults("imagenet_resized/32x32").preset == (
        "imagenet_32"
    )
