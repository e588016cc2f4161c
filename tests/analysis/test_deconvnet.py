"""The image of activations through the transposed network."""

import numpy as np
import pytest

from dcgan_tf.analysis.deconvnet import draw_deconvnet
from dcgan_tf.analysis.layers import find_last_convolution


@pytest.mark.parametrize("layer", ["conv_1_lrelu", "the last"])
def test_layers_of_any_number_of_filters_are_drawn(trained, layer):
    """The first has 4, fewer than are shown of the last."""
    if layer == "the last":
        layer = find_last_convolution(trained.discriminator)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (9, 32, 32, 3), np.uint8)
    sheet = draw_deconvnet(trained, images, layer)
    assert sheet.dtype == np.uint8 and sheet.shape[-1] == 3
    # Six panels a row, so that 12 filters are four rows and 4 are two.
    shorter = draw_deconvnet(trained, images, layer, num_filters=3)
    assert shorter.shape[0] < sheet.shape[0]
