"""Maximal activations of a network that looks for one bright pixel."""

import keras
import numpy as np
import pytest

from dcgan_tf.analysis.maximal_activations import (
    cut_patches,
    cut_window,
    find_maximal_activations,
)
from dcgan_tf.analysis.receptive_field import compute_receptive_field


@pytest.fixture(scope="module")
def bright_and_dark():
    """Filter 0 sees brightness, filter 1 darkness, three pixels wide."""
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(
                2, 3, padding="same", use_bias=False, name="only"
            ),
        ]
    )
    kernel = np.zeros((3, 3, 1, 2))
    kernel[1, 1, 0] = 1, -1
    model.layers[0].set_weights([kernel])
    return model


@pytest.fixture(scope="module")
def pictures():
    grey = np.full((5, 6, 6, 1), 128, np.uint8)
    grey[3, 0, 5] = 250
    grey[1, 2, 4] = 200
    grey[4, 5, 0] = 7
    return grey


def test_finds_images_and_places_strongest_first(bright_and_dark, pictures):
    found = find_maximal_activations(
        bright_and_dark, "only", pictures, num_patches=2
    )
    assert found.images[0].tolist() == [3, 1]
    assert found.rows[0].tolist() == [0, 2]
    assert found.columns[0].tolist() == [5, 4]
    assert found.images[1, 0] == 4
    assert found.values[0, 0] == pytest.approx(250 / 127.5 - 1)
    assert found.units()[:3] == [(0, 5, 0), (2, 4, 0), (5, 0, 1)]


def test_patches_are_receptive_fields_with_grey_outside(
    bright_and_dark, pictures
):
    found = find_maximal_activations(bright_and_dark, "only", pictures, 2)
    field = compute_receptive_field(bright_and_dark, "only")
    patches = cut_patches(pictures + 1, found, field)
    assert patches.shape == (2, 2, 3, 3, 1)
    corner = [[128, 128, 128], [129, 251, 128], [129, 129, 128]]
    assert patches[0, 0, ..., 0].tolist() == corner
    assert patches[0, 1, 1, 1, 0] == 201


def test_refuses_fewer_images_than_patches(bright_and_dark, pictures):
    with pytest.raises(ValueError, match="5 images for 9 patches"):
        find_maximal_activations(bright_and_dark, "only", pictures)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_what_is_outside_an_image_is_an_opaque_grey(channels):
    window = cut_window(np.zeros((2, 2, channels), np.uint8), (-1, 0, 1, 1))
    grey = [128, 128, 128, 255] if channels == 4 else [128] * channels
    assert window[:, 0].tolist() == [grey, [0] * channels]
