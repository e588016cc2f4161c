"""Forgetting an object: G without the maps that draw it."""

import json

import numpy as np
import pytest

from dcgan_tf.analysis import forget
from dcgan_tf.seeds import LARGEST_SEED


@pytest.fixture(scope="module")
def maps_and_boxes():
    """8x8 maps of 32x32 images: 0 and 2 are active in boxes, 1 outside."""
    rng = np.random.default_rng(0)
    maps = rng.uniform(0, 0.3, (20, 8, 8, 4)).astype(np.float32)
    boxes = []
    for image in maps:
        row, column = rng.integers(0, 6, 2)
        inside = np.zeros((8, 8), bool)
        inside[row : row + 2, column : column + 2] = True
        image[inside, 0] += 2
        image[inside, 2] += 1
        image[~inside, 1] += 2
        boxes.append([(4 * row, 4 * column, 4 * row + 8, 4 * column + 8)])
    return maps, boxes


def test_weights_tell_which_maps_draw_the_object(maps_and_boxes):
    maps, boxes = maps_and_boxes
    weights = forget.fit_map_weights(maps, boxes, (32, 32), seed=0)
    assert weights[0] > 0 and weights[2] > 0 and weights[1] < 0
    assert forget.choose_dropped(weights).tolist() == [0, 1, 0, 1]


def test_maps_that_add_nothing_are_kept(maps_and_boxes):
    maps, boxes = maps_and_boxes
    rng = np.random.default_rng(1)
    noise = rng.uniform(0, 1, (*maps.shape[:3], 60)).astype(np.float32)
    many = np.concatenate([maps, noise], axis=-1)
    weights = forget.fit_map_weights(many, boxes, (32, 32), seed=0)
    assert weights[0] > 0
    assert (weights[4:] > 0).sum() <= 3


def test_boxes_are_rows_then_columns(maps_and_boxes):
    """Transposed boxes must not do as well."""
    maps, boxes = maps_and_boxes
    swapped = [[(b[1], b[0], b[3], b[2]) for b in some] for some in boxes]
    right = forget.fit_map_weights(maps, boxes, (32, 32), seed=0)
    wrong = forget.fit_map_weights(maps, swapped, (32, 32), seed=0)
    assert right[0] > 3 * max(wrong[0], 0)


def test_a_box_everywhere_or_nowhere_is_an_error(maps_and_boxes):
    maps = maps_and_boxes[0][:1]
    for box in ((0, 0, 32, 32), (0, 0, 1, 1)):
        with pytest.raises(ValueError, match="both are needed"):
            forget.fit_map_weights(maps, [[box]], (32, 32), seed=0)


@pytest.mark.parametrize("seed", [0, 2**32, LARGEST_SEED])
def test_any_seed_fits_weights(maps_and_boxes, seed):
    maps, boxes = maps_and_boxes
    assert forget.fit_map_weights(maps, boxes, (32, 32), seed)[0] > 0


def test_no_maps_to_drop_is_said(trained):
    num_maps = trained.generator.get_layer("deconv_1").filters
    with pytest.raises(ValueError, match=f"none of deconv_1_relu's {num_maps}"):
        forget.draw_forgetting(
            trained, "deconv_1_relu", np.zeros(num_maps), "window"
        )


def test_random_gains_drop_as_many():
    gains = np.array([0, 0, 1, 1, 1, 1, 1, 1], np.float32)
    drawn = [forget.choose_randomly_dropped(gains, seed) for seed in range(9)]
    assert {row.sum() for row in drawn} == {6}
    assert len({tuple(row) for row in drawn}) > 1


def test_boxes_survive_the_file(tmp_path):
    boxes = forget.LabelledBoxes(3, {17: ((2, 20, 14, 30),), 4: ()}, "window")
    path = tmp_path / "boxes.json"
    forget.save_found_boxes(path, boxes)
    assert forget.load_boxes(path) == boxes


@pytest.mark.parametrize(
    "record",
    [
        [],
        {"boxes": {}},
        {"seed": 0, "boxes": {"a": []}},
        {"seed": 0, "boxes": {"1": [[5, 5, 5, 9]]}},
        {"seed": 0, "boxes": {"1": [[1, 2, 3]]}},
        {"seed": -1, "boxes": {}},
        {"seed": 2**62, "boxes": {}},
        {"seed": 1.5, "boxes": {}},
        {"seed": True, "boxes": {}},
        {"seed": "3", "boxes": {}},
        {"seed": None, "boxes": {}},
        {"seed": float("inf"), "boxes": {}},
        {"seed": float("nan"), "boxes": {}},
        {"seed": 0, "boxes": [[1, 2, 3, 4]]},
        {"seed": 0, "boxes": {"1": 5}},
        {"seed": 0, "boxes": {"1": None}},
        {"seed": 0, "boxes": {"Infinity": []}},
        {"seed": 0, "boxes": {"1": ["1234"]}},
        {"seed": 0, "boxes": {}, "name": None},
        {"seed": 0, "boxes": {}, "name": " "},
        {"seed": 0, "boxes": {}, "name": 7},
        *(
            {"seed": 0, "boxes": {"1": [[0, 0, edge, 4]]}}
            for edge in (
                float("inf"),
                -float("inf"),
                float("nan"),
                10**400,
                True,
                None,
                "9",
                [9],
                {"9": 9},
            )
        ),
    ],
)
def test_other_files_are_refused(tmp_path, record):
    refuse_boxes(tmp_path, json.dumps(record))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[" * 200_000,
        '{"seed": 1e999, "boxes": {}}',
        '{"seed": 0, "boxes": {"1": [[0, 0, 1e999, 4]]}}',
        '{"seed": 1' + "0" * 5_000 + ', "boxes": {}}',
    ],
    ids=["empty", "deep", "seed", "edge", "digits"],
)
def test_other_texts_are_refused(tmp_path, text):
    refuse_boxes(tmp_path, text)


@pytest.mark.parametrize(
    "boxes",
    [
        '{"1": [[0, 0, 9, 9]], "01": [[2, 2, 4, 4]]}',
        '{"1": [[0, 0, 9, 9]], "1": [[2, 2, 4, 4]]}',
        '{"1": [[0, 0, 9, 9]], " 1": []}',
    ],
)
def test_a_sample_that_is_named_twice_loses_no_boxes(tmp_path, boxes):
    text = f'{{"seed": 0, "boxes": {boxes}}}'
    assert "1 is there twice" in refuse_boxes(tmp_path, text).replace("'", "")


def refuse_boxes(folder, text):
    path = folder / "boxes.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="boxes.json' holds no boxes") as error:
        forget.load_boxes(path)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_edges_may_be_between_pixels(tmp_path):
    path = tmp_path / "boxes.json"
    path.write_text('{"seed": 3.0, "boxes": {"1": [[0.5, 2.0, 9.9, 4]]}}')
    assert forget.load_boxes(path).boxes == {1: ((0, 2, 9, 4),)}


def test_boxes_must_be_on_numbered_samples(trained):
    for boxes in ({}, {150: ((0, 0, 9, 9),)}):
        labelled = forget.LabelledBoxes(0, boxes)
        with pytest.raises(ValueError, match="samples 0 to 149"):
            forget.learn_object(trained, "deconv_1_relu", labelled)


@pytest.mark.parametrize(
    "box", [(32, 0, 40, 9), (0, 32, 9, 40), (2, 2, 33, 9), (2, 2, 9, 140)]
)
def test_boxes_must_be_on_the_image(trained, box):
    labelled = forget.LabelledBoxes(0, {1: ((0, 0, 9, 9), box)})
    with pytest.raises(ValueError, match="32 pixels high and 32 wide"):
        forget.learn_object(trained, "deconv_1_relu", labelled)
