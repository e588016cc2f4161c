"""A direction between two groups of latents."""

import numpy as np

from dcgan_tf.analysis.latent_direction import (
    apply_direction,
    compute_direction,
)


def test_directions_go_from_one_group_to_the_other():
    direction = compute_direction(
        np.array([[0.0, 1.0], [0.0, 3.0]]), np.array([[4.0, 2.0]])
    )
    np.testing.assert_array_equal(direction, [4.0, 0.0])
    moved = apply_direction(
        np.array([[1.0, 1.0]]), direction, np.array([-1, 0, 0.5])
    )
    np.testing.assert_array_equal(moved, [[[-3, 1], [1, 1], [3, 1]]])
