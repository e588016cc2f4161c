"""Guided backpropagation and the deconvnet against sums done by hand."""

import keras
import numpy as np
import pytest

from dcgan_tf.analysis.deconvnet import compute_deconvnet
from dcgan_tf.analysis.guided_backprop import compute_guided_backprop

# One pixel of two channels: x = (1, -1). The first convolution gives
# (1*1 - 1*3, 1*2 + 1*1) = (-2, 3); batch norm doubles it; LeakyReLU makes it
# (-0.8, 6). The second's weights are (5, -1), and again LeakyReLU follows.
IMAGE = np.array([[[[1.0, -1.0]]]], np.float32)
FIRST = np.array([[1.0, 2.0], [3.0, -1.0]])
SLOPE = 0.2


def build_network(second):
    norm = keras.layers.BatchNormalization(epsilon=0.0, name="norm")
    model = keras.Sequential(
        [
            keras.Input((1, 1, 2)),
            keras.layers.Conv2D(2, 1, use_bias=False),
            norm,
            keras.layers.LeakyReLU(SLOPE),
            keras.layers.Conv2D(1, 1, use_bias=False, name="last"),
            keras.layers.LeakyReLU(SLOPE, name="last_lrelu"),
        ]
    )
    model.layers[0].set_weights([FIRST[None, None]])
    norm.set_weights(
        [np.full(2, 6.0), np.zeros(2), np.zeros(2), np.full(2, 9.0)]
    )
    model.layers[3].set_weights([np.reshape(second, (1, 1, 2, 1))])
    return model


@pytest.mark.parametrize(
    "second, layer, expected",
    [
        # Both weights positive: (5, 1), slopes 0.2 and 1, twice by batch
        # norm: (2, 2); pixels 2*1 + 2*2 and 2*3 - 2*1.
        ((5.0, 1.0), "last", (6.0, 4.0)),
        # The negative signal stops: (5, 0) * (0.2, 1) * 2 = (2, 0).
        ((5.0, -1.0), "last", (2.0, 6.0)),
        # -0.8*5 - 6 < 0: the unit's own rectifier leaks a fifth.
        ((5.0, -1.0), "last_lrelu", (0.4, 1.2)),
    ],
)
def test_guided_backprop_by_hand(second, layer, expected):
    model = build_network(second)
    signal = compute_guided_backprop(model, layer, IMAGE, [(0, 0, 0)])
    np.testing.assert_allclose(signal.ravel(), expected, rtol=1e-5)


@pytest.mark.parametrize("image", [IMAGE, -IMAGE, 3 * IMAGE])
def test_deconvnet_by_hand_and_whatever_the_image(image):
    # ReLU keeps (5, 0) of the signal (5, -1), batch norm doubles: (10, 0).
    model = build_network((5.0, -1.0))
    signal = compute_deconvnet(model, "last_lrelu", image, [(0, 0, 0)])
    np.testing.assert_allclose(signal.ravel(), (10.0, 30.0), rtol=1e-5)


def test_guided_backprop_depends_on_the_image():
    model = build_network((5.0, 1.0))
    one, other = (
        compute_guided_backprop(model, "last", image, [(0, 0, 0)])
        for image in (IMAGE, -IMAGE)
    )
    assert np.abs(one - other).max() > 1


@pytest.mark.parametrize("method", [compute_guided_backprop, compute_deconvnet])
def test_a_strided_unit_draws_its_kernel_where_it_looks(method):
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Conv2D(
                1, 3, 2, padding="same", use_bias=False, name="last"
            ),
        ]
    )
    model.set_weights([np.arange(1.0, 10.0).reshape(3, 3, 1, 1)])
    blank = np.zeros((1, 4, 4, 1), np.float32)
    # Unit (1, 0) looks at rows 2 to 4, the last of them padding.
    signal = method(model, "last", blank, [(1, 0, 0)])
    expected = [[0, 0, 0, 0], [0, 0, 0, 0], [1, 2, 3, 0], [4, 5, 6, 0]]
    np.testing.assert_allclose(signal[0, ..., 0], expected)


def test_each_image_has_its_own_unit(trained):
    """Signals stay in the units' receptive fields."""
    pictures = np.zeros((2, 32, 32, 3), np.float32)
    signals = compute_deconvnet(
        trained.discriminator,
        "conv_1_lrelu",
        pictures,
        [(3, 4, 0), (9, 2, 1)],
    )
    for signal, (row, column) in zip(signals, ((3, 4), (9, 2)), strict=True):
        rows, columns, _ = np.nonzero(signal)
        assert {rows.min(), rows.max()} <= set(range(2 * row - 1, 2 * row + 4))
        assert columns.min() >= 2 * column - 1
        assert columns.max() <= 2 * column + 3
