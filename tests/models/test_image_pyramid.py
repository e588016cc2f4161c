"""A pyramid of images is split and joined."""

import numpy as np
import pytest

from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.pipeline import load_images
from dcgan_tf.images import to_float
from dcgan_tf.models import image_pyramid as pyramid


@pytest.mark.parametrize("num_levels", [1, 3, 4])
def test_a_pyramid_is_joined_back_to_the_images(num_levels):
    """Of real images, to within rounding (Denton et al., Section 2.2)."""
    model = ModelConfig((32, 32), channels=1)
    source = load_source(DataConfig())
    images = to_float(load_images(source, model, DataConfig(), 64)[0])
    split = pyramid.split_pyramid(images, num_levels)
    assert len(split) == num_levels
    assert [x.shape[1] for x in split] == [
        32 >> level for level in reversed(range(num_levels))
    ]
    joined = pyramid.join_pyramid(split)
    np.testing.assert_allclose(joined, images, atol=1e-6)
    # Not an identity: residuals hold what blurring takes away.
    if num_levels > 1:
        assert np.abs(split[-1]).max() > 0.5
        assert np.mean(split[-1] ** 2) < np.mean(images**2) / 4


def test_shrinking_and_enlarging_by_hand():
    images = np.array([[0.0, 2, 4, 6], [2, 4, 6, 8]], np.float32)
    small = pyramid.shrink(images[None, ..., None])
    np.testing.assert_array_equal(small[0, ..., 0], [[2.0, 6.0]])
    large = pyramid.enlarge(small)[0, ..., 0]
    np.testing.assert_allclose(large, [[2.0, 3.0, 5.0, 6.0]] * 2)
