"""What the first lines of a training say."""

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.data.skipped import Skipped
from dcgan_tf.data.source import build_array_source
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.training.announcement import describe_training

STRATEGY = tf.distribute.get_strategy()


def describe(settings, images, changes=None, strategy=STRATEGY, **names):
    labels = np.arange(len(images)) % max(1, len(names.get("label_names", ())))
    source = build_array_source("/pets", "train", images, labels, **names)
    for name, value in (changes or {}).items():
        setattr(source, name, value)
    config = resolve_run_config(settings)
    return describe_training(config, source, "runs/x", strategy, "float32")


def draw(count, height, width, channels):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, height, width, channels), np.uint8)


def test_two_lines_say_what_how_and_where():
    skipped = Skipped()
    skipped.add("a.png", "an empty file")
    skipped.own_output = ("runs/x",)
    skipped.hidden = ["a/.DS_Store", "b/.DS_Store", "._a.png", "@eaDir"]
    skipped.cut_to_upper_byte = ["b.tif"]
    images, training, *warnings = describe(
        {"image_dir": "/pets", "batch_size": 16},
        draw(1_000, 90, 80, 3),
        dict(num_held_out=52, num_excluded=7, skipped=skipped),
        label_names=("cat", "dog"),
    )
    assert images == (
        "Images: 1,000 of /pets (train), 52 held out; 80 wide and 90 high, in "
        "colour; 2 classes (cat, dog); 7 excluded; 1 file passed over (1 an "
        "empty file); of 1 of more than 8 bits a level (such as b.tif) the "
        "upper 8 are kept, as of colour in all formats but PNG; 4 hidden (2 "
        ".DS_Store, 1 ._*, 1 @eaDir); 1 left out as made here"
    )
    assert training.startswith(
        "Training: dcgan of 64x64 RGB, recipe small (recipe='paper' for "
        "the paper's), 16 images a step, float32 on "
    )
    assert training.endswith("U, into runs/x")
    assert warnings == []


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ", recipe paper, "),
        ({"image_dir": "/pets", "recipe": "paper"}, ", recipe paper, "),
        ({"image_dir": "/pets", "loss": "hinge"}, ", recipe own, "),
        ({"image_dir": "/pets", "family": "gan"}, "gan of 64x64 RGB, 100"),
    ],
    ids=str,
)
def test_other_recipes_are_named_alone(settings, expected):
    _, training, *_ = describe(settings, draw(40, 64, 64, 3))
    assert expected in training


def test_what_makes_another_result_than_one_device_on_whole_batches(
    two_replicas,
):
    settings = {"image_dir": "/pets", "accumulate": 4, "batch_norm": "replica"}
    _, training, *_ = describe(settings, draw(40, 64, 64, 3))
    assert ", 128 images a step in 4 parts, float32 on " in training
    assert "1 CPU, where batch_norm replica changes nothing, into" in training
    _, training, *_ = describe(
        settings, draw(40, 64, 64, 3), strategy=two_replicas
    )
    assert "on 2 CPUs with batch norm of each alone, into runs/x" in training


@pytest.mark.parametrize(
    ("settings", "shape", "text"),
    [
        ({}, (40, 64, 64, 3), "fewer than 250 images"),
        ({}, (40, 64, 64, 1), "every image is grey"),
        ({}, (40, 64, 200, 3), "lose over a third"),
        ({}, (40, 20, 20, 3), "are smaller than"),
        ({"diff_augment": True}, (40, 64, 64, 3), None),
    ],
)
def test_warnings_are_those_of_the_data_command(settings, shape, text):
    settings = {"image_dir": "/pets", "recipe": "paper", **settings}
    _, _, *warnings = describe(settings, draw(*shape))
    assert all(line.startswith("WARNING: ") for line in warnings)
    assert text is None or any(text in line for line in warnings)
    assert bool(warnings) == (text is not None)


def test_masks_of_zeros_and_ones_are_warned_of():
    _, _, first, *_ = describe(
        {"image_dir": "/masks"}, draw(40, 64, 64, 1) // 128
    )
    assert first.startswith("WARNING: no level is above 1 of 255, so that the")
    assert first.endswith("masks or label maps by 255 first")


def test_images_that_are_nearly_the_same_are_named():
    images = np.repeat(draw(1, 64, 64, 3), 1_000, axis=0)
    _, _, warning = describe({"image_dir": "/pets"}, images)
    assert "100 of 100 images are nearly identical" in warning
