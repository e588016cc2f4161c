"""Warnings of copies."""

import pytest

from dcgan_tf.evaluation.copying import warn_of_copies


@pytest.mark.parametrize(
    ("fraction", "num_held_out", "is_warned"),
    [
        # By chance one in five and one in eight are as near.
        (0.6, 4, False),
        (0.8, 4, True),
        (0.35, 10, False),
        (0.45, 10, True),
        (0.15, 1_000, False),
        (0.16, 1_000, True),
    ],
)
def test_few_held_out_images_are_no_sign_of_copies(
    fraction, num_held_out, is_warned
):
    spaces = ("pixels", "features")
    copying = {f"copying_{s}_memorized_fraction": fraction for s in spaces}
    copying["copying_pixels_contrast_fraction"] = 0.05
    warnings = warn_of_copies(copying, num_held_out)
    assert len(warnings) == 2 * is_warned
    assert all(f"{fraction:.0%} of samples" in line for line in warnings)


@pytest.mark.parametrize(
    ("pixels", "by_contrast", "is_warned"),
    [
        (0.36, 0.05, True),
        # Samples of 0.57 of the contrast, and of none, that copy nothing.
        (0.36, 0.37, False),
        (1.0, 0.9, False),
        (0.36, 0.1, True),
        # More contrast than the images have is no reason to see copies.
        (0.12, 0.01, False),
        (0.16, 0.01, True),
    ],
)
def test_low_contrast_is_no_sign_of_copies(pixels, by_contrast, is_warned):
    copying = {
        "copying_pixels_memorized_fraction": pixels,
        "copying_features_memorized_fraction": 0.05,
        "copying_pixels_contrast_fraction": by_contrast,
    }
    assert len(warn_of_copies(copying, 1_000)) == is_warned
