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
    warnings = warn_of_copies(copying, num_held_out)
    assert len(warnings) == 2 * is_warned
    assert all(f"{fraction:.0%} of samples" in line for line in warnings)
