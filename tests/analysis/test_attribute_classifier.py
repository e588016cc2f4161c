"""The classifier of toy faces where there is nothing to classify."""

import numpy as np
import pytest

from dcgan_tf.analysis import claims
from dcgan_tf.analysis.attribute_classifier import (
    WINDOW,
    AttributeClassifier,
    _build_model,
    find_window_boxes,
)
from dcgan_tf.data.toy_faces import ATTRIBUTE_NAMES


@pytest.fixture(scope="module", params=[-100.0, np.nan])
def blind_classifier(request):
    """Sees no windows; of a G whose images aren't finite, nothing at all."""
    model = _build_model(32, len(ATTRIBUTE_NAMES))
    kernel, bias = model.get_layer("attributes").get_weights()
    bias[WINDOW] = request.param
    model.get_layer("attributes").set_weights([0 * kernel, bias])
    return AttributeClassifier(model)


@pytest.mark.parametrize("size", [32, 64])
def test_no_images_have_no_attributes_and_no_windows(size):
    classifier = AttributeClassifier(_build_model(size, len(ATTRIBUTE_NAMES)))
    images = np.zeros((1, size, size, 3), np.uint8)
    for compute in (classifier.compute_logits, classifier.find_windows):
        none, one = compute(images[:0]), compute(images)
        assert none.shape == (0, *one.shape[1:])
        assert none.dtype == one.dtype


def test_a_run_that_draws_no_windows_is_told(trained, blind_classifier):
    with pytest.raises(ValueError, match="none of the 150 samples"):
        find_window_boxes(trained, blind_classifier)
    with pytest.raises(ValueError, match="none of the 150 samples"):
        claims.measure_forgetting(trained, blind_classifier, "deconv_1_relu")
