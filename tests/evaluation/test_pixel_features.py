"""G's activations at pixels, an encoder, and samples, on a tiny generator."""

import numpy as np
import pytest

from dcgan_tf.config import ModelConfig
from dcgan_tf.evaluation.linear_probe.encoder import train_latent_encoder
from dcgan_tf.evaluation.linear_probe.rows import represent_by_generator
from dcgan_tf.evaluation.pixel_features import (
    NoSegmentsError,
    build_pixel_features,
    label_strokes,
    segment,
)
from dcgan_tf.evaluation.real_images import draw_noise
from dcgan_tf.models.discriminator import build_discriminator
from dcgan_tf.models.features import make_feature_function
from dcgan_tf.models.generator import build_generator
from dcgan_tf.runs.sampling import sample_images
from dcgan_tf.seeds import LARGEST_SEED

CONFIG = ModelConfig((16, 16), 1, 5, 4, 3)


@pytest.fixture(scope="module")
def generator():
    return build_generator(CONFIG)


def test_every_pixel_has_all_maps_and_the_image(generator):
    model = build_pixel_features(generator)
    features, images = model(np.zeros((2, 5), np.float32))
    # Maps of 8 and 4 filters, and the image's one channel.
    assert features.shape == (2, 16, 16, 13)
    np.testing.assert_array_equal(features[..., -1:], images)


def test_holes_are_background_that_a_stroke_encloses():
    image = np.full((1, 7, 7, 1), -1.0, np.float32)
    image[0, 1:6, 1:6] = 1
    image[0, 2:5, 2:5] = -1
    segments = label_strokes(image)[0]
    assert segments[3, 3] == 2 and segments[1, 1] == 1 and segments[0, 0] == 0
    assert np.bincount(segments.ravel()).tolist() == [24, 16, 9]
    image[0, 1, 3] = -1  # Open: the outside comes in.
    assert not (label_strokes(image) == 2).any()


def test_segments_that_features_tell_apart_are_found():
    truth = np.random.default_rng(0).integers(0, 3, (6, 8, 8))
    features = np.eye(3, dtype=np.float32)[truth]
    found = segment(features, truth, 2)
    assert found.overlaps == {"background": 1, "stroke": 1, "hole": 1}
    assert (found.num_labelled, found.num_test) == (2, 4)
    with pytest.raises(ValueError, match="no hole"):
        segment(features, np.minimum(truth, 1), 2)
    broken = np.where(truth[..., None] == 1, np.nan, features)
    with pytest.raises(NoSegmentsError, match="not all finite"):
        segment(broken, truth, 2)
    with pytest.raises(ValueError, match="6 labelled samples of 6"):
        segment(features, truth, 6)


def test_samples_are_those_of_the_seed_in_any_number(generator):
    few = sample_images(generator, CONFIG, 3, seed=1)
    more = sample_images(generator, CONFIG, 5, seed=1)
    assert few.shape == (3, 16, 16, 1) and few.dtype == np.uint8
    assert np.abs(few.astype(int) - more[:3]).max() <= 1
    assert (sample_images(generator, CONFIG, 3, seed=2) != few).any()


def test_representations_pool_each_networks_maps(generator):
    images = draw_noise((150, 16, 16, 1), 0)  # More than one batch.
    discriminator = build_discriminator(CONFIG)
    features = make_feature_function(discriminator)(images)
    assert features.shape == (150, 16 * (4 + 8))
    encoder = train_latent_encoder(generator, CONFIG, num_steps=1)
    features = represent_by_generator(generator, encoder)(images)
    assert features.shape == (150, 16 * (4 + 8))
    assert features.any()


def test_the_encoder_learns_latents():
    config = ModelConfig((16, 16), 1, 2, 4, 3)
    generator = build_generator(config)
    # Initial weights draw grey on grey, which tells nothing of the latent.
    generator.set_weights([20 * weight for weight in generator.get_weights()])
    lines = []
    train_latent_encoder(generator, config, num_steps=120, log=lines.append)
    error = float(lines[0].split("error ")[1].split()[0])
    assert error < 0.15  # Guessing nothing has 1/3.


@pytest.mark.parametrize("seed", [2**31, 2**32, LARGEST_SEED])
def test_any_seed_trains_an_encoder(generator, seed):
    assert train_latent_encoder(generator, CONFIG, num_steps=1, seed=seed)


def test_conditional_networks_are_refused_in_words():
    config = ModelConfig((16, 16), 1, 5, 4, 3, num_classes=2)
    generator = build_generator(config)
    with pytest.raises(ValueError, match="conditional"):
        train_latent_encoder(generator, config)
    with pytest.raises(ValueError, match="conditional"):
        build_pixel_features(generator)
    with pytest.raises(ValueError, match="conditional"):
        make_feature_function(build_discriminator(config))
