"""RGBA: what files hold where nothing can be seen has no say anywhere."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from dcgan_tf.config import (
    DataConfig,
    ModelConfig,
    RunConfig,
    TrainingConfig,
)
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.pipeline import load_images
from dcgan_tf.data.preprocess import colours, prepare, transparency
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.training.diff_augment import augment

MODEL = ModelConfig((16, 16), 4)


def make_sprite(side, hidden):
    """A red disc; its surroundings hold what nobody sees."""
    rows, columns = np.indices((side, side)) - (side - 1) / 2
    is_disc = rows**2 + columns**2 < (side / 3) ** 2
    rng = np.random.default_rng(0)
    colours = {
        "noise": rng.integers(0, 256, (side, side, 3), np.uint8),
        "green": np.full((side, side, 3), (0, 255, 0), np.uint8),
    }[hidden]
    colours[is_disc] = (200, 30, 40)
    alpha = np.where(is_disc, 255, 0).astype(np.uint8)
    return np.concatenate([colours, alpha[..., None]], axis=-1)


@pytest.mark.parametrize("hidden", ["noise", "green"])
@pytest.mark.parametrize("side", [16, 40, 11])
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_colour_is_that_of_what_is_seen(hidden, side, fit):
    data = DataConfig("image_folder", image_dir="x", fit=fit)
    sprite = tf.constant(make_sprite(side, hidden))
    image = prepare.prepare_image(sprite, MODEL, data).numpy()
    assert image.shape == (16, 16, 4)
    # Everywhere, at the outline too, where alpha is between.
    np.testing.assert_allclose(
        image[..., :3].astype(int), np.full((16, 16, 3), (200, 30, 40)), atol=2
    )
    assert image[8, 8, 3] == 255 and image[0, 0, 3] == 0


def test_visible_pixels_stay_and_others_take_their_neighbours_colour():
    image = np.zeros((16, 16, 4), np.uint8)
    image[:, :4] = (250, 0, 0, 255)
    image[:, 12:] = (0, 0, 250, 7)
    filled = transparency.fill_colour(tf.constant(image), (1, 2, 3)).numpy()
    is_seen = image[..., 3] > 0
    np.testing.assert_array_equal(filled[is_seen], image[is_seen])
    np.testing.assert_array_equal(filled[..., 3], image[..., 3])
    assert (filled[:, 4, 0] > 200).all() and (filled[:, 11, 2] > 200).all()


def test_nothing_to_be_seen_is_the_background():
    image = tf.zeros((16, 24, 4), tf.uint8)
    filled = transparency.fill_colour(image, (1, 2, 3)).numpy()
    assert (filled == (1, 2, 3, 0)).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_other_images_are_opaque(channels):
    image = np.full((5, 5, channels), 9, np.uint8)
    converted = colours.convert_channels(tf.constant(image), 4).numpy()
    assert (converted == (9, 9, 9, 255)).all()


def test_padded_digits_lie_on_opaque_black():
    image = tf.fill((28, 28, 1), tf.constant(200, tf.uint8))
    model = ModelConfig((32, 32), 4)
    prepared = prepare.prepare_image(image, model, DataConfig()).numpy()
    assert (prepared[0, 0] == (0, 0, 0, 255)).all()
    assert (prepared[..., 3] == 255).all()


def test_files_keep_their_alpha_where_networks_have_one(tmp_path):
    Image.fromarray(make_sprite(16, "noise")).save(tmp_path / "a.png")
    Image.new("L", (16, 16), 90).save(tmp_path / "b.png")
    flags = {"image_dir": str(tmp_path), "channels": 4, "image_size": (16, 16)}
    flags["split"] = "all"
    config = resolve_run_config(flags)
    assert config.data.alpha
    source = load_source(config.data)
    images, _ = load_images(source, config.model, config.data)
    by_name = {source.name_of(i): images[i] for i in range(2)}
    assert by_name["a.png"][0, 0, 3] == 0
    assert (by_name["b.png"] == (90, 90, 90, 255)).all()
    assert RunConfig.from_dict(config.to_dict()) == config
    assert not resolve_run_config({**flags, "channels": 3}).data.alpha


def test_alpha_follows_the_networks():
    data = DataConfig("image_folder", image_dir="x", alpha=True)
    config = RunConfig(ModelConfig(), data, TrainingConfig())
    assert not config.data.alpha


@pytest.mark.parametrize("family", ["gan", "lapgan"])
def test_older_families_have_no_alpha(family):
    with pytest.raises(ValueError, match="channels is 4, and the family"):
        resolve_run_config({"channels": 4, "family": family})


def test_augmentation_leaves_what_is_there():
    """Colours change, and alpha only moves and is cut out."""
    images = np.full((8, 16, 16, 4), 0.5, np.float32)
    images[..., 3] = 1.0
    alpha = augment(tf.constant(images), tf.constant([1, 2])).numpy()[..., 3]
    assert set(np.unique(alpha)) == {0.0, 1.0}
