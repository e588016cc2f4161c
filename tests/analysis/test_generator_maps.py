"""The generator cut in two at a layer's maps."""

import numpy as np

from dcgan_tf.analysis.generator_maps import draw_from_maps
from dcgan_tf.analysis.layers import compute_maps, find_second_highest_layer


def test_maps_and_the_rest_make_g(trained):
    layer = find_second_highest_layer(trained.generator)
    assert layer == "deconv_1_relu"
    latents = trained.sample_latents(5)
    maps = compute_maps(trained.generator, layer, latents)
    ones = np.ones(maps.shape[-1])
    whole = draw_from_maps(trained.generator, layer, maps, ones)
    np.testing.assert_array_equal(whole, trained.generate(latents))
    without = draw_from_maps(trained.generator, layer, maps, 0 * ones)
    assert (without[0] == without[1]).all() and (whole[0] != whole[1]).any()
