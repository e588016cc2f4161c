"""What is found in a collection before training."""

import re
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.survey import count_near, examine, glance
from dcgan_tf.data.survey_warnings import find_warnings

MODEL = ModelConfig((16, 16), 3)


def survey_folder(folder, model=MODEL, **options):
    data = DataConfig(dataset="image_folder", image_dir=str(folder), **options)
    source = load_source(data)
    survey = examine(source, model, data)
    return survey, find_warnings(source, survey, model, data)


def test_sizes_colours_and_shown_images(tmp_path, write_pictures):
    write_pictures(tmp_path, ["a.png", "b.png"], size=(30, 25))
    Image.new("L", (40, 50), 90).save(tmp_path / "c.png")
    survey, warnings = survey_folder(tmp_path)
    assert sorted(map(tuple, survey.sizes)) == [(30, 25), (30, 25), (50, 40)]
    assert survey.is_grey.sum() == 1
    assert survey.images.shape == (3, 16, 16, 3)
    assert survey.num_examined == 3
    assert len(warnings) == 1 and "fewer than 250" in warnings[0]


@pytest.mark.parametrize(
    ("count", "said"),
    [(4, "give diff_augment"), (249, "give diff_augment"),
     (250, "fewer than 1,000 images: D may"), (999, "where samples are"),
     (1_000, None)],
)  # fmt: skip
def test_advice_on_few_images_is_by_their_number(
    tmp_path, write_pictures, count, said
):
    write_pictures(tmp_path, ["a.png", "b.png"])
    data = DataConfig(dataset="image_folder", image_dir=str(tmp_path))
    source = load_source(data)
    survey = examine(source, MODEL, data)
    many = mock.Mock(wraps=source, num_examples=count)
    warnings = find_warnings(many, survey, MODEL, data)
    assert [said in text for text in warnings] == ([True] if said else [])
    assert find_warnings(many, survey, MODEL, data, is_augmented=True) == []


def test_unreadable_images_are_not_surveyed(tmp_path, write_pictures):
    write_pictures(tmp_path, [f"{i}.png" for i in range(5)])
    contents = (tmp_path / "0.png").read_bytes()
    (tmp_path / "0.png").write_bytes(contents[:200])
    survey, warnings = survey_folder(tmp_path)
    assert survey.num_examined == 4
    assert survey.num_unreadable == 1
    assert survey.num_near == 0


def test_bad_crops_are_warned_of_unless_asked_for(tmp_path, write_pictures):
    write_pictures(tmp_path, [f"{i}.png" for i in range(5)], size=(40, 100))
    survey, warnings = survey_folder(tmp_path)
    np.testing.assert_allclose(survey.kept, 0.4)
    assert any("5 of 5 images lose" in warning for warning in warnings)
    assert any("100 wide and 40 high" in warning for warning in warnings)
    _, warnings = survey_folder(tmp_path, crop=40)
    assert not any("lose" in warning for warning in warnings)
    _, warnings = survey_folder(tmp_path, ModelConfig((16, 32), 3))
    assert not any("lose" in warning for warning in warnings)


@pytest.mark.parametrize("fit", ["pad", "stretch"])
def test_what_is_kept_whole_is_not_warned_of(tmp_path, write_pictures, fit):
    write_pictures(tmp_path, [f"{i}.png" for i in range(5)], size=(10, 100))
    survey, warnings = survey_folder(tmp_path, fit=fit)
    assert (survey.kept == 1).all()
    assert survey.is_enlarged.all() == (fit == "stretch")
    assert not any("lose" in warning for warning in warnings)


def test_enlarging_is_warned_of(tmp_path, write_pictures):
    write_pictures(tmp_path, ["a.png", "b.png"], size=(20, 20))
    _, warnings = survey_folder(tmp_path, ModelConfig((32, 32), 3))
    assert any("smaller than 32" in warning for warning in warnings)


def test_grey_collections_are_better_trained_as_such(tmp_path):
    Image.new("L", (20, 20), 90).save(tmp_path / "a.png")
    _, warnings = survey_folder(tmp_path)
    assert any("channels=1" in warning for warning in warnings)


def test_padded_digits_are_neither_cut_nor_enlarged():
    source, data = load_source(DataConfig(), "test"), DataConfig()
    model = ModelConfig((32, 32), 1)
    survey = examine(source, model, data, max_examined=200)
    assert survey.num_examined == 200
    assert find_warnings(source, survey, model, data)[1:] == []


def test_images_saved_again_are_near(tmp_path, write_pictures):
    write_pictures(tmp_path, [f"{i}.png" for i in range(6)], size=(8, 8))
    for i in range(6):  # Enlarged: noise of single pixels would not survive.
        path = tmp_path / f"{i}.png"
        Image.open(path).resize((64, 64)).save(path)
    for i in range(2):
        Image.open(tmp_path / f"{i}.png").save(
            tmp_path / f"again{i}.jpg", quality=80
        )
    survey, warnings = survey_folder(tmp_path)
    assert survey.num_near == 4
    assert any("4 of 8 images are nearly" in text for text in warnings)


@pytest.mark.parametrize("count", [1, 3, 2500])
def test_near_are_counted_across_blocks(count):
    rng = np.random.default_rng(0)
    thumbnails = rng.integers(0, 256, (count, 4, 4, 3), np.uint8)
    assert count_near(thumbnails) == 0
    thumbnails[-1] = thumbnails[0]
    assert count_near(thumbnails) == (2 if count > 1 else 0)


def test_black_drawings_on_nothing_are_as_different_as_they_look(tmp_path):
    """What is black under transparency isn't what is seen."""
    rng = np.random.default_rng(0)
    for i in range(4):
        drawing = np.zeros((64, 64, 4), np.uint8)
        opacity = rng.integers(0, 2, (4, 4), np.uint8) * 255
        drawing[..., 3] = opacity.repeat(16, 0).repeat(16, 1)
        Image.fromarray(drawing).save(tmp_path / f"{i}.png")
    data = DataConfig("image_folder", str(tmp_path), alpha=True)
    survey = glance(load_source(data), MODEL, data)
    assert survey.num_near == 0
    assert (survey.brightest == 255).all()


def draw_masks(highest):
    def draw(rng):
        return rng.integers(0, highest + 1, (20, 20), np.uint8)

    return draw


def draw_labels(*levels, border=255):
    """A label map with a border of void, as VOC's once their colours go."""

    def draw(rng):
        image = rng.choice(np.uint8(levels), (20, 20))
        image[:2] = border
        return image

    return draw


def draw_night(rng):
    """Noise of underexposure, and a lamp of four pixels in one of them."""
    image = rng.integers(0, 12, (20, 20, 3), np.uint8)
    image[:2, :2] = np.multiply(rng.integers(0, 2), (180, 150, 90))
    return image


def draw_deep_grey(rng):
    return rng.integers(0, 21, (20, 20), np.uint16)


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (draw_masks(0), "no level is above 0 of 255"),
        (draw_masks(1), "above 1 of 255.* label maps by 255 first"),
        (draw_masks(20), "above 20 of 255.* label maps by 12 first"),
        (draw_masks(63), "above 63 of 255.* label maps by 4 first"),
        (draw_masks(80), None),
        (draw_labels(*range(21)), "20 but 255 itself.* below 255 by 12 first"),
        (draw_labels(0, 1), "above 1 but 255 itself.* below 255 by 254 first"),
        (draw_labels(0, 63), "above 63 but 255 itself.* below 255 by 4 first"),
        (draw_labels(0, 64), None),
        (draw_labels(0, 20, border=254), None),
        (draw_labels(0), None),  # Ink on paper.
        (draw_night, None),
        (draw_deep_grey, None),
    ],
)
def test_images_that_fill_no_range_are_warned_of(tmp_path, draw, said):
    rng = np.random.default_rng(1)
    for i in range(8):
        Image.fromarray(draw(rng)).save(tmp_path / f"{i}.png")
    data = DataConfig("image_folder", str(tmp_path))
    source = load_source(data)
    for survey in (examine(source, MODEL, data), glance(source, MODEL, data)):
        warnings = find_warnings(source, survey, MODEL, data)
        found = [line for line in warnings if "no level is" in line]
        assert bool(found) == (said is not None)
        assert said is None or re.search(said, warnings[0])
