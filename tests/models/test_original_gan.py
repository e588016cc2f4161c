"""The fully connected GAN: published widths, weights, ranges, dropout."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.models.dropout import Dropout, masks_drawn_by
from dcgan_tf.models.networks import build_networks
from dcgan_tf.models.original_gan import LargestPiece, set_output_marginals
from dcgan_tf.presets import resolve_run_config

# Goodfellow et al. (2014), goodfeli/adversarial: side, channels, units of G's
# hidden layers, maxout units of D's, rate.
PUBLISHED = [(28, 1, 1_200, 240, 0.1), (32, 3, 8_000, 1_600, 0.025)]


def make_model(side=16, channels=1, **settings):
    return resolve_run_config(
        {
            "family": "gan", "image_size": (side, side),
            "channels": channels, **settings,
        }
    ).model  # fmt: skip


@pytest.mark.parametrize("side, channels, units, maxout, rate", PUBLISHED)
def test_a_family_alone_is_what_was_published(
    side, channels, units, maxout, rate
):
    settings = {"image_size": (side, side), "channels": channels}
    config = resolve_run_config({"family": "gan", **settings})
    training = config.training
    assert config.model.latent_dim == 100
    assert config.model.hidden_units == units == 5 * maxout
    assert (training.optimizer, training.batch_size) == ("sgd", 100)
    assert training.learning_rate == rate and not training.weight_decay
    # Fewer units, since the larger networks have 125 million weights.
    pixels = side * side * channels
    networks = build_networks(make_model(side, channels, hidden_units=40))
    assert networks.generator.count_params() == (
        101 * 40 + 41 * 40 + 41 * pixels
    )
    assert networks.discriminator.count_params() == (
        (pixels + 1) * 40 + 9 * 40 + 9
    )


@pytest.mark.parametrize(
    "channels, model, layer, largest",
    [
        (1, "generator", "hidden_1", 0.05),
        (1, "generator", "pixels", 0.05),
        (3, "generator", "hidden_2", 0.05),
        (3, "generator", "pixels", 0.5),
        # Fewer pixels than the authors': the units start as theirs.
        (1, "discriminator", "hidden_1", 0.005 * (784 / 256) ** 0.5),
        (3, "discriminator", "hidden_1", 0.005 * (3072 / 768) ** 0.5),
        (1, "discriminator", "hidden_2", 0.005),
        (1, "discriminator", "logit", 0.005),
    ],
)
def test_initial_weights(channels, model, layer, largest):
    networks = build_networks(make_model(16, channels, hidden_units=400))
    kernel, bias = getattr(networks, model).get_layer(layer).get_weights()
    assert np.abs(kernel).max() <= largest
    assert kernel.std() == pytest.approx(largest / 3**0.5, rel=0.2)
    assert not bias.any()


def test_noise_has_unit_variance():
    generator, _ = build_networks(make_model(hidden_units=10))
    noise = generator.get_layer("noise")
    latents = tf.random.stateless_uniform((10_000, 4), (0, 0), -1.0)
    assert np.var(noise(latents)) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("channels", [1, 3])
def test_labels_are_heeded_as_soon_as_latents_and_images(channels):
    model = make_model(channels=channels, hidden_units=200)
    model = dataclasses.replace(model, num_classes=10)
    networks = build_networks(model)
    labels = np.arange(100) % 10
    others = (labels + 1) % 10
    rng = np.random.default_rng(0)
    for network, shape, least, most in (
        (networks.generator, (100, 100), 0.5, 2.0),
        # Noise of half the range is brighter than digits are.
        (networks.discriminator, (100, 16, 16, channels), 0.1, 2.0),
    ):
        first, second = rng.uniform(-1, 1, (2, *shape)).astype(np.float32)
        usual = network([first, labels])
        by_label = np.std(network([first, others]) - usual)
        by_input = np.std(network([second, labels]) - usual)
        assert least < by_label / by_input < most


def test_activations_are_the_published_ones():
    grey, _ = build_networks(make_model(hidden_units=10))
    rgb, _ = build_networks(make_model(channels=3, hidden_units=10))
    assert grey.get_layer("hidden_2_relu")
    assert grey.get_layer("pixels_sigmoid")
    assert rgb.get_layer("hidden_1_relu")
    assert rgb.get_layer("hidden_2_sigmoid")


def test_linear_pixels_are_clipped_when_drawn_and_free_in_training():
    generator, _ = build_networks(make_model(channels=3, hidden_units=400))
    latents = tf.random.stateless_uniform((8, 100), (0, 0), -1.0)
    drawn = generator(latents, training=False).numpy()
    trained = generator(latents, training=True).numpy()
    assert np.abs(drawn).max() == 1 and np.abs(trained).max() > 1
    np.testing.assert_array_equal(np.clip(trained, -1, 1), drawn)


def test_a_grey_generator_starts_from_the_mean_image():
    generator, _ = build_networks(make_model(hidden_units=10))
    mean = np.linspace(-1, 1, 256, dtype=np.float32).reshape(16, 16, 1)
    set_output_marginals(generator, mean)
    # Without the hidden layers' part, which is small.
    bias = generator.get_layer("pixels").bias.numpy()
    np.testing.assert_allclose(
        2 / (1 + np.exp(-bias)) - 1, mean.ravel(), atol=0.005
    )
    rgb, _ = build_networks(make_model(channels=3, hidden_units=10))
    set_output_marginals(rgb, np.ones((16, 16, 3), np.float32))
    assert not rgb.get_layer("pixels").bias.numpy().any()


def test_the_largest_of_neighbouring_pieces_makes_a_unit():
    values = np.array([[3.0, 1, 2, -5, -4, -6]], np.float32)
    units = LargestPiece(3)(values)
    np.testing.assert_array_equal(units, [[3.0, -4.0]])


def test_dropout_keeps_its_share_and_the_mean():
    layer = Dropout(0.8, stream=1)
    values = tf.ones((100, 100))
    np.testing.assert_array_equal(layer(values), values)
    with pytest.raises(RuntimeError, match="masks_drawn_by"):
        layer(values, training=True)

    def draw(shape, stream):
        return tf.random.stateless_uniform(shape, (0, stream))

    with masks_drawn_by(draw):
        first, again = (layer(values, training=True) for _ in range(2))
        other = Dropout(0.8, stream=2)(values, training=True)
    np.testing.assert_array_equal(first, again)
    assert (first.numpy() != other.numpy()).any()
    assert set(np.unique(first)) == {0.0, np.float32(1 / 0.8)}
    assert np.mean(first) == pytest.approx(1.0, abs=0.02)


def test_networks_survive_keras_files(tmp_path):
    networks = build_networks(make_model(channels=3, hidden_units=10))
    for model in networks:
        path = tmp_path / f"{model.name}.keras"
        model.save(path)
        loaded = keras.models.load_model(path)
        inputs = np.ones((2, *model.input_shape[1:]), np.float32)
        np.testing.assert_array_equal(loaded(inputs), model(inputs))
