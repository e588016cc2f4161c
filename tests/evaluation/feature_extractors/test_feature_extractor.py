"""What evaluation's and the probe's features refuse."""

import numpy as np
import pytest

from dcgan_tf.evaluation.feature_extractors.feature_extractor import (
    FeatureExtractor,
    compute_features,
)
from dcgan_tf.evaluation.linear_probe import rows

NETWORK = FeatureExtractor(
    "mean", "", "", None, lambda images: (images.mean((1, 2)), None)
)


@pytest.mark.parametrize("compute", ["features", "pixels"])
@pytest.mark.parametrize(
    "count, dtype, problem",
    [
        (2, np.float32, "takes uint8 images, got float32"),
        (2, np.int64, "takes uint8 images, got int64"),
        (0, np.uint8, "takes at least one image, got none"),
    ],
)
def test_wrong_images_are_refused(compute, count, dtype, problem):
    images = np.zeros((count, 4, 4, 1), dtype)
    with pytest.raises(ValueError, match=problem):
        if compute == "features":
            compute_features(NETWORK, images)
        else:
            rows.represent_by_pixels(images)


def test_batches_are_joined_in_order():
    images = (np.arange(300) % 256).astype(np.uint8)[:, None, None, None]
    images = np.broadcast_to(images, (300, 4, 4, 1))
    features = compute_features(NETWORK, images)
    np.testing.assert_array_equal(features.features, images[:, 0, 0])
    assert features.pixels.shape == (300, 16)
