"""Training images and those held out from them."""

import dataclasses

import numpy as np
import pytest

from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.evaluation.real_images import (
    RealImages,
    count_shared,
    draw_noise,
    load_real_images,
)
from dcgan_tf.evaluation.sample_measures import warn_of_shared


def test_a_run_on_the_test_split_is_measured_by_the_others():
    real = load_real_images(ModelConfig((32, 32), 1), DataConfig(split="test"))
    assert real.held_out_split == "train"
    training = {image.tobytes() for image in real.training}
    assert not any(image.tobytes() in training for image in real.held_out)


@pytest.mark.parametrize(
    ("num_shared", "is_told"), [(0, False), (2, False), (3, True), (40, True)]
)
def test_held_out_images_that_are_trained_on_are_told(num_shared, is_told):
    """As copies of a file are, of which chance holds some out."""
    images = draw_noise((80, 4, 4, 3), seed=0)
    held_out = images[40 - num_shared : 80 - num_shared]
    real = RealImages(images[:40], None, held_out, None, (), "x", "test")
    assert count_shared(real) == num_shared
    said = warn_of_shared(real)
    assert [f"{num_shared} of the 40 held-out" in t for t in said] == (
        [True] if is_told else []
    )


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (("cat", "dog", "eel"), {"cat": 0, "dog": 1, "eel": 2}),
        (("cat", "eel"), {"cat": 0, "eel": 2}),
        (("dog", "eel"), {"dog": 1, "eel": 2}),
        (("cat", "emu"), None),
        (("cat",), None),
    ],
)
def test_other_held_out_images_have_the_classes_of_the_run(
    tmp_path, write_pictures, folders, expected
):
    write_pictures(
        tmp_path / "p", [f"{c}/0.png" for c in ("cat", "dog", "eel")]
    )
    names = [f"{c}/{i}.png" for c in folders for i in range(2)]
    write_pictures(tmp_path / "other", names, seed=1)
    data = DataConfig("image_folder", image_dir=str(tmp_path / "p"))
    data = dataclasses.replace(data, held_out_dir=str(tmp_path / "other"))
    real = load_real_images(ModelConfig((16, 16), 3), data)
    assert real.class_names == ("cat", "dog", "eel")
    if expected is None:
        assert real.held_out_labels is None
    else:
        numbers = sorted(2 * [*expected.values()])
        assert sorted(real.held_out_labels) == numbers
    assert np.unique(real.training_labels).tolist() == [0, 1, 2]
