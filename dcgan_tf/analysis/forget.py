"""Makes G forget an object by dropping feature maps (Section 6.3.1)."""

import dataclasses
import itertools
import json
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from dcgan_tf.analysis.generator_maps import draw_from_maps
from dcgan_tf.analysis.layers import compute_maps
from dcgan_tf.analysis.samples import (
    NUM_NUMBERED,
    describe_origin,
    sample_numbered_latents,
)
from dcgan_tf.analysis.sheet import Panel, draw_sheet
from dcgan_tf.config.json_text import read_json
from dcgan_tf.config.ranges import check_whole_number
from dcgan_tf.runs.set_aside import save_anew
from dcgan_tf.runs.trained_model import TrainedModel
from dcgan_tf.seeds import LARGEST_SEED

# L1 penalty of the regression's weights, beside the mean loss of a place.
_SPARSITY = 0.005
_NUM_SHOWN = 12

Box = tuple[int, int, int, int]


@dataclasses.dataclass(frozen=True)
class LabelledBoxes:
    """Boxes of an object on samples of a run.

    Attributes:
        seed: Of the samples: number i is latent i of that seed.
        boxes: Sample numbers to boxes `(top, left, bottom, right)` in
            pixels, the last two exclusive.
        name: What the object is called.
    """

    seed: int
    boxes: dict[int, tuple[Box, ...]]
    name: str = "object"


def load_boxes(path: str | os.PathLike) -> LabelledBoxes:
    """Reads boxes from a JSON file.

    Such as `{"name": "window", "seed": 0, "boxes": {"17": [[2, 20, 14,
    30]]}}`: on sample 17 of seed 0 (see `draw_numbered_samples`), a window
    from row 2 to 13 and column 20 to 29.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it isn't of that form.
    """
    try:
        record = read_json(
            Path(path).read_text(encoding="utf-8-sig"),
            object_pairs_hook=_join_pairs,
        )
        boxes = _join_pairs(
            (int(number), tuple(_check_box(box) for box in sample_boxes))
            for number, sample_boxes in record["boxes"].items()
        )
        seed = check_whole_number("seed", record["seed"], 0, LARGEST_SEED)
        return LabelledBoxes(seed, boxes, _check_name(record))
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        OverflowError,
    ) as error:
        raise ValueError(
            f"{os.fspath(path)!r} holds no boxes: {error}; expected JSON "
            'such as {"name": "window", "seed": 0, "boxes": {"17": '
            "[[top, left, bottom, right]]}}"
        ) from error


def _join_pairs(pairs: Iterable[tuple[Any, Any]]) -> dict:
    """Makes a dict, which would keep the last value alone of a name."""
    joined = {}
    for name, value in pairs:
        if name in joined:
            raise ValueError(f"{name!r} is there twice, and counts once")
        joined[name] = value
    return joined


def _format(labelled: LabelledBoxes) -> str:
    record = {
        "name": labelled.name,
        "seed": labelled.seed,
        "boxes": {
            str(number): [list(map(int, box)) for box in boxes]
            for number, boxes in labelled.boxes.items()
        },
    }
    return json.dumps(record, indent=1) + "\n"


def save_found_boxes(
    path: str | os.PathLike, labelled: LabelledBoxes
) -> Path | None:
    """Writes what `load_boxes` reads; see `save_anew`."""
    return save_anew(Path(path), _format(labelled))


def _check_box(box: Sequence[int]) -> Box:
    top, left, bottom, right = map(_check_edge, box)
    if not (0 <= top < bottom and 0 <= left < right):
        raise ValueError(f"box {list(box)} is not [top, left, bottom, right]")
    return top, left, bottom, right


def _check_name(record: dict) -> str:
    name = record.get("name", "object")
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"name {name!r} is no text")
    return name


def _check_edge(edge: float) -> int:
    """Returns whole pixels; JSON's `true`, `Infinity` and text are none."""
    is_number = isinstance(edge, int | float) and not isinstance(edge, bool)
    if not is_number or not math.isfinite(edge):
        raise ValueError(f"{edge!r} is no number of pixels")
    return int(edge)


def fit_map_weights(
    maps: np.ndarray,
    boxes: Sequence[Sequence[Box]],
    image_size: tuple[int, int],
    seed: int,
) -> np.ndarray:
    """Fits weights that tell which maps are active where the object is.

    A logistic regression on the activations of one pixel of the maps:
    pixels whose centre is in a box against as many random ones outside, of
    the same images. The paper doesn't say how its weights are kept small.
    Here an L1 penalty leaves maps that add little at zero: without it, half
    of all weights are positive, most of them by little, and dropping so many
    maps takes the rest of the image along.

    Args:
        maps: float32 `(count, map_height, map_width, filters)` of images
            with boxes.
        boxes: Of each image.
        image_size: `(height, width)` of the images.
        seed: Of the choice of pixels outside.

    Returns:
        Floats `(filters,)`: the weights, for activations divided by each
        map's standard deviation; many are zero.

    Raises:
        ValueError: If no pixel of a map is inside a box, or none outside.
    """
    inside = np.stack([_mask(maps.shape[1:3], b, image_size) for b in boxes])
    rng = np.random.default_rng(seed)
    positives, negatives = maps[inside], maps[~inside]
    if not len(positives) or not len(negatives):
        raise ValueError(
            f"{len(positives)} places inside the boxes of {len(maps)} samples "
            f"and {len(negatives)} outside; both are needed"
        )
    chosen = rng.permutation(len(negatives))[: len(positives)]
    activations = np.concatenate([positives, negatives[chosen]])
    labels = np.arange(len(activations)) < len(positives)
    std = activations.std(0)
    regression = LogisticRegression(
        l1_ratio=1.0,
        C=1.0 / (_SPARSITY * len(labels)),
        solver="liblinear",
        random_state=seed % 2**32,  # All that it takes.
    )
    regression.fit(activations / np.where(std > 0, std, 1.0), labels)
    return regression.coef_[0]


def _mask(map_size, boxes: Sequence[Box], image_size) -> np.ndarray:
    """True at a map's pixels whose centre is in a box."""
    rows, columns = (
        (np.arange(n) + 0.5) * side / n
        for n, side in zip(map_size, image_size, strict=True)
    )
    mask = np.zeros(map_size, bool)
    for top, left, bottom, right in boxes:
        mask |= ((rows >= top) & (rows < bottom))[:, None] & (
            (columns >= left) & (columns < right)
        )
    return mask


def learn_object(
    model: TrainedModel, layer_name: str, labelled: LabelledBoxes
) -> np.ndarray:
    """Fits map weights to boxes on a run's numbered samples.

    Args:
        model: Whose G.
        layer_name: The maps' layer.
        labelled: Boxes on the samples of their own seed.

    Returns:
        Floats `(filters,)`; see `fit_map_weights`.

    Raises:
        ValueError: If a box is on a sample that doesn't exist or beyond its
            edges, or there are none.
    """
    numbers = list(labelled.boxes)
    if not numbers or not 0 <= min(numbers) <= max(numbers) < NUM_NUMBERED:
        raise ValueError(
            f"boxes on samples {numbers[:5]}...: at least one is needed, on "
            f"samples 0 to {NUM_NUMBERED - 1}"
        )
    height, width = model.config.model.image_size
    for box in itertools.chain.from_iterable(labelled.boxes.values()):
        if box[2] > height or box[3] > width:
            raise ValueError(
                f"box {list(box)} is beyond the images, which are {height} "
                f"pixels high and {width} wide: boxes are [top, left, bottom, "
                "right] in an image's own pixels, not in those of the sheet"
            )
    seeded = dataclasses.replace(model, seed=labelled.seed)
    maps = compute_maps(
        model.generator, layer_name, sample_numbered_latents(seeded)[numbers]
    )
    return fit_map_weights(
        maps,
        list(labelled.boxes.values()),
        model.config.model.image_size,
        labelled.seed,
    )


def choose_dropped(weights: np.ndarray) -> np.ndarray:
    """Returns gains `(filters,)` that drop maps with a positive weight."""
    return np.where(weights > 0, 0.0, 1.0).astype(np.float32)


def choose_randomly_dropped(gains: np.ndarray, seed: int) -> np.ndarray:
    """Returns gains that drop as many maps as `gains`, at random."""
    return np.random.default_rng(seed).permutation(gains)


def draw_forgetting(
    model: TrainedModel,
    layer_name: str,
    weights: np.ndarray,
    name: str,
) -> np.ndarray:
    """Draws samples with the object's maps, without, and without random ones.

    Args:
        model: Whose G.
        layer_name: The maps' layer.
        weights: From `fit_map_weights`.
        name: What the object is called.

    Returns:
        uint8 `(height, width, 3)`.

    Raises:
        ValueError: If no weight is positive, so that nothing is dropped.
    """
    gains = choose_dropped(weights)
    num_dropped = int((gains == 0).sum())
    if not num_dropped:
        raise ValueError(
            f"none of {layer_name}'s {len(gains)} feature maps is more active "
            "inside the boxes than outside, so there is none to drop; draw "
            "boxes on more samples, or look at another layer"
        )
    latents = model.sample_latents(_NUM_SHOWN, stream=2)
    maps = compute_maps(model.generator, layer_name, latents)
    rows = [
        draw_from_maps(model.generator, layer_name, maps, row_gains)
        for row_gains in (
            np.ones_like(gains),
            gains,
            choose_randomly_dropped(gains, model.seed),
        )
    ]
    return draw_sheet(
        f"Forgetting: {name}",
        [
            [
                Panel(
                    np.stack(rows),
                    row_labels=[
                        "as they are",
                        f"{name} maps dropped",
                        "random maps dropped",
                    ],
                    tile_side=96,
                )
            ]
        ],
        f"The same samples with {num_dropped} of {len(gains)} feature maps of "
        f"G's {layer_name} dropped: those with a positive weight in a "
        f"logistic regression of where the {name} is, and below, as many "
        f"random ones. {describe_origin(model)}",
    )
