"""Features of random convolutions."""

import numpy as np

from dcgan_tf.evaluation.feature_extractors.feature_extractor import (
    compute_features,
)
from dcgan_tf.evaluation.feature_extractors.random import build_random_features


def test_random_features_are_a_function_of_the_seed():
    images = np.random.default_rng(0).integers(0, 256, (5, 24, 32, 3), np.uint8)
    first, second, other = (
        compute_features(build_random_features(images.shape[1:], s), images)
        for s in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.features, second.features)
    assert np.abs(first.features - other.features).max() > 0.01
    # Three halvings from 24 to 3; 32 filters, 2x2 each.
    assert first.features.shape == (5, 3 * 32 * 4)
    assert first.probabilities is None
