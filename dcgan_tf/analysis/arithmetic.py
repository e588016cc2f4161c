"""Vector arithmetic on latents, A - B + C (Section 6.3.2)."""

from collections.abc import Sequence

import numpy as np

from dcgan_tf.analysis.samples import describe_origin, sample_numbered_latents
from dcgan_tf.analysis.sheet import Panel, as_grid, draw_sheet
from dcgan_tf.counted import format_count
from dcgan_tf.latents import combine, sample_neighbours
from dcgan_tf.runs.trained_model import TrainedModel
from dcgan_tf.setting_names import name_setting

NUM_EXEMPLARS = 3
_NUM_NEIGHBOURS = 8
_NEIGHBOUR_SCALE = 0.25
_TILE = 96
_SIGNS = ("", "-", "+")


def draw_arithmetic(
    model: TrainedModel,
    exemplars: Sequence[np.ndarray],
    names: Sequence[str],
    how_found: str,
) -> np.ndarray:
    """Draws exemplars, their means and the result, as the paper lays it out.

    Args:
        model: Whose G.
        exemplars: Latents of A, B and C, floats `(count, latent_dim)` each.
        names: Of A, B and C.
        how_found: How the exemplars were chosen, for the caption.

    Returns:
        uint8 `(height, width, 3)`: columns A, B and C, each with its mean
        below, and the result amid its eight neighbours.
    """
    result = combine(*exemplars)
    neighbours = sample_neighbours(
        result, _NUM_NEIGHBOURS, _NEIGHBOUR_SCALE, model.seed
    )
    middle = _NUM_NEIGHBOURS // 2
    around = np.insert(neighbours, middle, result, axis=0)
    panels = []
    for latents, name, sign in zip(exemplars, names, _SIGNS, strict=True):
        column = np.concatenate([latents, latents.mean(0, keepdims=True)])
        panels.append(
            Panel(
                model.generate(column)[:, None],
                name,
                tile_labels=[""] * len(latents) + ["mean"],
                sign=sign,
                tile_side=_TILE,
            )
        )
    panels.append(
        Panel(
            as_grid(model.generate(around), 3),
            "the result and its neighbours",
            tile_labels=[""] * len(around),
            sign="=",
            tile_side=_TILE,
        )
    )
    return draw_sheet(
        "Vector arithmetic on latents",
        [panels],
        f"Columns: {_count_exemplars(exemplars)}, and below them what G draws "
        f"from the mean of their latents. Right: the mean of '{names[0]}' "
        f"minus that of '{names[1]}' plus that of '{names[2]}' in the middle "
        "of eight neighbours with uniform noise of "
        f"±{_NEIGHBOUR_SCALE} added. {how_found} {describe_origin(model)}",
    )


def _count_exemplars(groups: Sequence[np.ndarray]) -> str:
    """Says how many there are of each concept, as picked ones may differ."""
    *others, last = counts = [len(group) for group in groups]
    if len(set(counts)) > 1:
        listed = f"{', '.join(map(str, others))} and {last}"
        return f"{listed} exemplars of the concepts"
    return f"{format_count(last, 'exemplar')} of each concept"


def draw_numbered_samples(model: TrainedModel) -> np.ndarray:
    """Draws the numbered samples, to pick exemplars from or box objects on.

    Args:
        model: Whose samples.

    Returns:
        uint8 `(height, width, 3)`.
    """
    images = model.generate(sample_numbered_latents(model))
    return draw_sheet(
        "Numbered samples",
        [
            [
                Panel(
                    as_grid(images, 15),
                    tile_labels=[str(i) for i in range(len(images))],
                    tile_side=80,
                )
            ]
        ],
        f"Name exemplars by these numbers with {name_setting('pick')}: groups "
        f"divided by slashes, numbers by commas. {describe_origin(model)}",
    )
