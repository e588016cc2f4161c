"""Both networks: shapes, range, parameter counts, the paper's guidelines."""

import keras
import numpy as np
import pytest

from dcgan_tf.config import ModelConfig
from dcgan_tf.models.discriminator import build_discriminator
from dcgan_tf.models.generator import build_generator
from dcgan_tf.presets import PRESETS

# Preset: maps of G from the projection on, maps of D, parameters that are
# trained and not (moving statistics) of G and of D.
PRESET_TABLE = {
    "paper_64": (
        [(4, 4, 1024), (8, 8, 512), (16, 16, 256), (32, 32, 128), (64, 64, 3)],
        [(32, 32, 128), (16, 16, 256), (8, 8, 512), (4, 4, 1024)],
        (18_855_040, 3_840),
        (17_232_768, 3_584),
    ),
    "imagenet_32": (
        [
            (4, 4, 512), (8, 8, 512), (8, 8, 256), (16, 16, 256),
            (16, 16, 128), (32, 32, 128), (32, 32, 3),
        ],
        [
            (32, 32, 128), (16, 16, 128), (16, 16, 256), (8, 8, 256),
            (8, 8, 512), (4, 4, 512),
        ],
        (6_675_328, 3_584),
        (4_586_112, 3_328),
    ),
    "svhn_32": (
        [(4, 4, 256), (8, 8, 128), (16, 16, 64), (32, 32, 3)],
        [(16, 16, 64), (8, 8, 128), (4, 4, 256)],
        (1_439_296, 896),
        (1_033_664, 768),
    ),
    "mnist_32": (
        [(4, 4, 256), (8, 8, 128), (16, 16, 64), (32, 32, 1)],
        [(16, 16, 64), (8, 8, 128), (4, 4, 256)],
        (1_436_096, 896),
        (1_030_464, 768),
    ),
}  # fmt: skip


def count(weights):
    return sum(int(np.prod(weight.shape)) for weight in weights)


def maps_of(model, kinds):
    return [
        layer.output.shape[1:]
        for layer in model.layers
        if isinstance(layer, kinds)
    ]


def test_every_preset_is_in_the_table():
    assert set(PRESET_TABLE) == set(PRESETS)


@pytest.mark.parametrize("preset", PRESET_TABLE)
def test_preset_shapes_and_parameters(preset):
    g_maps, d_maps, g_params, d_params = PRESET_TABLE[preset]
    config = PRESETS[preset]
    generator = build_generator(config)
    discriminator = build_discriminator(config)
    assert (
        maps_of(generator, (keras.layers.Reshape, keras.layers.Conv2DTranspose))
        == g_maps
    )
    assert maps_of(discriminator, keras.layers.Conv2D) == d_maps
    for model, (trained, fixed) in (
        (generator, g_params),
        (discriminator, d_params),
    ):
        assert count(model.trainable_variables) == trained
        assert count(model.non_trainable_variables) == fixed


@pytest.mark.parametrize(
    "config",
    [
        ModelConfig((16, 16), 1, 8, 4),
        ModelConfig((48, 24), 3, 8, 4),
        ModelConfig((28, 28), 1, 8, 4, kernel_size=3, convs_per_scale=2),
        ModelConfig((32, 64), 3, 8, 4, kernel_size=4),
    ],
)
def test_other_sizes_fit_each_other(config):
    generator = build_generator(config)
    latents = np.random.default_rng(0).uniform(-1, 1, (3, 8))
    images = generator(latents.astype(np.float32))
    assert images.shape == (3, *config.image_size, config.channels)
    assert build_discriminator(config)(images).shape == (3, 1)


def test_guidelines_hold():
    """Section 3's list, layer by layer."""
    generator = build_generator(PRESETS["paper_64"])
    discriminator = build_discriminator(PRESETS["paper_64"])
    for model in (generator, discriminator):
        assert isinstance(model, keras.Sequential)
        kinds = [type(layer).__name__ for layer in model.layers]
        assert not any("Pooling" in kind for kind in kinds)
        assert kinds.count("Dense") == 1
        assert all(not getattr(x, "use_bias", False) for x in model.layers)
    g_kinds = [type(layer).__name__ for layer in generator.layers]
    d_kinds = [type(layer).__name__ for layer in discriminator.layers]
    assert g_kinds[-2:] == ["Conv2DTranspose", "Activation"]
    assert generator.layers[-1].activation is keras.activations.tanh
    assert g_kinds.count("ReLU") == g_kinds.count("BatchNormalization") == 4
    assert d_kinds[:2] == ["Conv2D", "LeakyReLU"]
    assert d_kinds.count("LeakyReLU") == 4
    assert d_kinds.count("BatchNormalization") == 3
    slopes = {
        layer.negative_slope
        for layer in discriminator.layers
        if isinstance(layer, keras.layers.LeakyReLU)
    }
    assert slopes == {0.2}


def test_networks_of_one_seed_are_equal_and_of_two_are_not():
    config = ModelConfig((16, 16), 1, 8, 4)
    first, second, other = (
        build_generator(config, seed=seed).get_weights()[0]
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)
    d_weights = build_discriminator(config, seed=1).get_weights()[0]
    assert not np.array_equal(first.ravel()[:9], d_weights.ravel()[:9])


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_outputs_are_float32_whatever_the_precision(dtype):
    config = ModelConfig((16, 16), 1, 8, 4)
    images = build_generator(config, dtype)(np.zeros((2, 8), np.float32))
    logits = build_discriminator(config, dtype)(images)
    assert images.dtype == logits.dtype == "float32"
    assert np.abs(images).max() <= 1


def test_conditional_networks_see_the_label_at_every_layer():
    config = ModelConfig((16, 16), 1, 8, 4, num_classes=3)
    generator = build_generator(config)
    discriminator = build_discriminator(config)
    kernels = {
        layer.name: layer.kernel.shape
        for model in (generator, discriminator)
        for layer in model.layers
        if hasattr(layer, "kernel")
    }
    assert kernels["project"] == (8 + 3, 4 * 4 * 8)
    assert kernels["deconv_1"] == (5, 5, 4, 8 + 3)
    assert kernels["conv_1"] == (5, 5, 1 + 3, 4)
    assert kernels["conv_2"] == (5, 5, 4 + 3, 8)
    assert kernels["logit"] == (4 * 4 * 8 + 3, 1)
    # Section 8: no gain and bias in the conditional networks' batch norm.
    assert {w.name for w in generator.trainable_variables} == {"kernel"}
    latents = np.ones((2, 8), np.float32)
    images = generator([latents, np.array([0, 2])]).numpy()
    assert not np.allclose(images[0], images[1])
    logits = discriminator([images[[0, 0]], np.array([0, 1])]).numpy()
    assert logits[0] != logits[1]
