"""The pyramid's networks: their levels, and what these see."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.families import FAMILIES
from dcgan_tf.models import laplacian_pyramid as pyramid
from dcgan_tf.models.image_pyramid import shrink_to_levels
from dcgan_tf.models.networks import build_networks
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.training.families import build_optimizer


def make_model(size=(16, 16), channels=1, **settings):
    return resolve_run_config(
        {
            "family": "lapgan", "image_size": size, "channels": channels,
            "hidden_units": 10, "base_filters": 2, **settings,
        }
    ).model  # fmt: skip


@pytest.mark.parametrize(
    "size, sizes",
    [
        ((16, 16), [(4, 4), (8, 8), (16, 16)]),
        ((28, 28), [(7, 7), (14, 14), (28, 28)]),
        ((64, 64), [(4, 4), (8, 8), (16, 16), (32, 32), (64, 64)]),
        ((16, 48), [(4, 12), (8, 24), (16, 48)]),
    ],
)
def test_levels_double_from_at_most_8(size, sizes):
    model = make_model(size)
    assert pyramid.list_sizes(model) == sizes
    planes = sum(height * width for height, width in sizes[1:])
    assert model.latent_dim == 100 + planes
    assert FAMILIES["lapgan"].count_planes(size) == planes


@pytest.mark.parametrize("num_classes", [0, 3])
@pytest.mark.parametrize("size", [(16, 16), (16, 32)])
def test_levels_drawn_on_their_own_images_are_the_whole(size, num_classes):
    """Training's levels and the one model are the same networks."""
    model = make_model(size, 3)
    if num_classes:
        model = type(model)(**{**vars(model), "num_classes": num_classes})
    generator, discriminator = build_networks(model)
    latents = tf.random.stateless_uniform((4, model.latent_dim), (0, 0), -1.0)
    labels = tf.range(4) % 3 if num_classes else None
    taps = keras.Model(
        generator.inputs,
        [
            generator.get_layer(f"level_{level}_image").output
            for level in range(len(pyramid.list_sizes(model)))
        ],
    )
    inputs = [latents] if labels is None else [latents, labels]
    own = taps(inputs if num_classes else latents, training=True)
    drawn = pyramid.draw_levels(generator, latents, own, labels)
    for one, other in zip(own, drawn, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    judged = [*drawn] if labels is None else [*drawn, labels]
    assert discriminator(judged).shape == (4, len(own))


def test_each_level_has_noise_of_its_own():
    model = make_model()
    generator, _ = build_networks(model)
    latents = np.zeros((1, model.latent_dim), np.float32)
    real = shrink_to_levels(tf.zeros((1, 16, 16, 1)), 3)
    before = pyramid.draw_levels(generator, latents, real)
    for level, (start, stop) in enumerate(((0, 100), (100, 164), (164, 420))):
        changed = latents.copy()
        changed[:, start:stop] = 1
        after = pyramid.draw_levels(generator, changed, real)
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            is_changed = bool(np.any(one != other))
            assert is_changed == (index == level)


def test_each_level_of_the_discriminator_sees_its_own_images():
    model = make_model()
    _, discriminator = build_networks(model)
    levels = shrink_to_levels(tf.ones((1, 16, 16, 1)), 3)
    before = discriminator(levels).numpy()
    for level in range(3):
        changed = [-x if i == level else x for i, x in enumerate(levels)]
        differs = (discriminator(changed).numpy() != before)[0]
        assert list(differs) == [index == level for index in range(3)]


def test_initial_weights_are_the_authors():
    generator, discriminator = build_networks(
        make_model(hidden_units=200, base_filters=16)
    )
    for model, stddev in ((generator, 0.05), (discriminator, 0.005)):
        kernel, bias = model.get_layer("level_0_hidden_2").get_weights()
        assert kernel.std() == pytest.approx(stddev, rel=0.05)
        assert not bias.any()
    kernel, bias = generator.get_layer("level_1_conv_2").get_weights()
    largest = (7 * 7 * 16) ** -0.5
    assert kernel.shape == (7, 7, 16, 16)
    assert np.abs(kernel).max() <= largest and np.abs(bias).max() <= largest
    assert kernel.std() == pytest.approx(largest / 3**0.5, rel=0.05)


def test_a_family_alone_is_what_was_published():
    config = resolve_run_config({"family": "lapgan", "dataset": "cifar10"})
    model, training = config.model, config.training
    assert (model.hidden_units, model.base_filters) == (600, 128)
    assert (training.optimizer, training.batch_size) == ("sgd", 128)
    assert (training.learning_rate, training.weight_decay) == (0.01, 0.0)
    optimizer = build_optimizer(config, training.learning_rate)
    # 703 updates an epoch: 0.0008 each, for 875 epochs.
    for epoch, momentum in ((0, 0.0), (10, 0.008), (875, 0.7), (2000, 0.7)):
        rates = optimizer.compute_rates(0.01, epoch * 703)
        expected = (0.01 / 1.000004**epoch, momentum)
        np.testing.assert_allclose(rates, expected, rtol=1e-4)


def test_networks_survive_keras_files(tmp_path):
    generator, _ = build_networks(make_model())
    generator.save(tmp_path / "generator.keras")
    loaded = keras.models.load_model(tmp_path / "generator.keras")
    latents = np.ones((2, generator.input_shape[1]), np.float32)
    np.testing.assert_array_equal(loaded(latents), generator(latents))
