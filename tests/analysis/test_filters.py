"""Kernels as tiles, and images that filters climb to."""

import keras
import numpy as np
import pytest

from dcgan_tf.analysis.filters import make_kernel_tiles, maximise_activations
from dcgan_tf.analysis.layers import compute_maps
from dcgan_tf.analysis.signals import signal_to_uint8


def test_both_networks_kernels_have_the_images_channels(trained):
    first = trained.discriminator.get_layer("conv_1")
    last = trained.generator.get_layer("deconv_3")
    assert make_kernel_tiles(first).shape == (4, 5, 5, 3)
    assert make_kernel_tiles(last).shape == (4, 5, 5, 3)


def test_tiles_show_one_filter_each():
    layer = keras.layers.Conv2D(2, 2, use_bias=False)
    layer.build((None, 4, 4, 1))
    kernel = np.zeros((2, 2, 1, 2))
    kernel[0, 1, 0, 1] = -3
    layer.set_weights([kernel])
    tiles = make_kernel_tiles(layer)
    assert (tiles[0] == 128).all()
    assert tiles[1, ..., 0].tolist() == [[128, 1], [128, 128]]


def test_signals_share_a_scale_along_the_axes():
    signal = np.array([[1.0, -1.0], [10.0, 0.0]])
    assert signal_to_uint8(signal, axes=(1,)).tolist() == [[255, 1], [255, 128]]
    assert signal_to_uint8(signal, axes=(0, 1)).tolist()[1] == [255, 128]


def test_signals_of_alpha_are_no_transparency():
    signal = np.zeros((1, 2, 2, 4))
    signal[0, 0, 0] = [1.0, -1.0, 0.0, 900.0]
    pixels = signal_to_uint8(signal, axes=(1, 2, 3))
    assert pixels[0, 0, 0].tolist() == [255, 1, 128, 255]
    assert pixels[0, 1, 1].tolist() == [128, 128, 128, 255]


def test_ascent_makes_each_filter_respond_more(trained):
    network, layer = trained.discriminator, "conv_2_lrelu"
    found = maximise_activations(network, layer, 4, seed=0, num_steps=20)
    assert found.shape == (4, 32, 32, 3)
    assert found.min() >= -1 and found.max() <= 1
    maps = compute_maps(network, layer, found)
    faint = np.random.default_rng(0).uniform(-0.1, 0.1, found.shape)
    before = compute_maps(network, layer, faint.astype(np.float32))
    # Filter i most of all on image i.
    for index in range(4):
        assert maps[index, 3, 3, index] > 2 * abs(before[index, 3, 3, index])
        assert maps[:, 3, 3, index].argmax() == index


@pytest.mark.parametrize(("wanted", "found"), [(3, 3), (20, 8)])
def test_a_layer_with_fewer_filters_shows_all(trained, wanted, found):
    images = maximise_activations(
        trained.discriminator, "conv_2_lrelu", wanted, seed=0, num_steps=1
    )
    assert len(images) == found
