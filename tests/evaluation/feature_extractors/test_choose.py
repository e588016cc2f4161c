"""Which feature extractor a dataset is measured with."""

import numpy as np
import pytest

from dcgan_tf.evaluation.feature_extractors import choose
from dcgan_tf.evaluation.real_images import RealImages

IMAGES = np.zeros((6, 16, 16, 1), np.uint8)


@pytest.mark.parametrize(
    ("labels", "names", "chosen", "lack"),
    [
        (None, (), "random", "has no classes to"),
        (np.zeros((6, 2), int), (), "random", "has no classes to"),
        ([0] * 6, ("cat",), "random", "has one class alone to"),
        # Of several that there might be.
        ([1] * 6, ("cat", "dog"), "random", "has one class alone to"),
        ([0, 1] * 3, ("cat", "dog"), "classifier", None),
    ],
)
def test_a_classifier_takes_two_classes(
    labels, names, chosen, lack, monkeypatch
):
    monkeypatch.setattr(choose, "load_classifier", lambda *args: "classifier")
    labels = None if labels is None else np.asarray(labels)
    real = RealImages(IMAGES, labels, IMAGES, labels, names, "pets", "test")
    extractor = choose.choose_feature_extractor(real)
    assert getattr(extractor, "name", extractor) == chosen
    if lack is not None:
        with pytest.raises(ValueError, match=lack):
            choose.choose_feature_extractor(real, "classifier")
