"""Images are shrunk and enlarged, level by level."""

import itertools

import numpy as np
import pytest

from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.pipeline import load_images
from dcgan_tf.images import to_float
from dcgan_tf.models import image_pyramid as pyramid


@pytest.mark.parametrize("num_levels", [1, 3, 4])
def test_images_are_shrunk_to_levels(num_levels):
    """Of real images, residuals hold what shrinking takes away."""
    model = ModelConfig((32, 32), channels=1)
    source = load_source(DataConfig())
    images = to_float(load_images(source, model, DataConfig(), 64)[0])
    levels = pyramid.shrink_to_levels(images, num_levels)
    assert [x.shape[1] for x in levels] == [
        32 >> level for level in reversed(range(num_levels))
    ]
    np.testing.assert_array_equal(levels[-1], images)
    for coarse, fine in itertools.pairwise(levels):
        residual = fine - pyramid.enlarge(coarse)
        assert np.abs(residual).max() > 0.5
        assert np.mean(residual**2) < np.mean(fine**2) / 4


def test_shrinking_and_enlarging_by_hand():
    images = np.array([[0.0, 2, 4, 6], [2, 4, 6, 8]], np.float32)
    small = pyramid.shrink(images[None, ..., None])
    np.testing.assert_array_equal(small[0, ..., 0], [[2.0, 6.0]])
    large = pyramid.enlarge(small)[0, ..., 0]
    np.testing.assert_allclose(large, [[2.0, 3.0, 5.0, 6.0]] * 2)
