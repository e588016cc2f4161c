"""Finds the patches of real images that activate a filter most.

The view of Zeiler & Fergus (2014, arXiv 1311.2901, Figure 2).
"""

import dataclasses

import keras
import numpy as np

from dcgan_tf.analysis.layers import compute_maps
from dcgan_tf.analysis.receptive_field import (
    ReceptiveField,
    compute_receptive_field,
)
from dcgan_tf.analysis.samples import describe_origin
from dcgan_tf.analysis.sheet import Panel, as_grid, draw_sheet
from dcgan_tf.analysis.signals import ALPHA, OPAQUE
from dcgan_tf.images import to_float
from dcgan_tf.runs.trained_model import TrainedModel

_PADDING_LEVEL = 128
_CHUNK = 512
# Drawn, from the first on.
_NUM_FILTERS = 16


@dataclasses.dataclass(frozen=True)
class MaximalActivations:
    """Each filter's strongest units, at most one an image.

    Attributes:
        images: int `(filters, count)`, indices of images, strongest first.
        rows: int `(filters, count)`, the units' rows on their maps.
        columns: int `(filters, count)`, their columns.
        values: float32 `(filters, count)`, their activations.
    """

    images: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray

    def units(self) -> list[tuple[int, int, int]]:
        """Returns `(row, column, filter)`, filter by filter."""
        filters = np.broadcast_to(
            np.arange(len(self.rows))[:, None], self.rows.shape
        )
        return list(
            zip(
                self.rows.ravel(),
                self.columns.ravel(),
                filters.ravel(),
                strict=True,
            )
        )


def find_maximal_activations(
    model: keras.Sequential,
    layer_name: str,
    images: np.ndarray,
    num_patches: int = 9,
    num_filters: int | None = None,
) -> MaximalActivations:
    """Finds where filters respond most strongly.

    Args:
        model: Of images in `[-1, 1]`.
        layer_name: The filters' layer.
        images: uint8 `(count, height, width, channels)`, at least
            `num_patches`.
        num_patches: Units a filter.
        num_filters: Filters, from the first on; None for all.

    Returns:
        The units; each filter's come from different images.

    Raises:
        ValueError: If there are too few images, or no such layer.
    """
    if len(images) < num_patches:
        raise ValueError(
            f"{len(images)} images for {num_patches} patches of different "
            "ones; give more images"
        )
    responses, positions = [], []
    for start in range(0, len(images), _CHUNK):
        batch = to_float(images[start : start + _CHUNK]).numpy()
        maps = compute_maps(model, layer_name, batch)[..., :num_filters]
        flat = maps.reshape(len(maps), -1, maps.shape[-1])
        positions.append(flat.argmax(1))
        responses.append(flat.max(1))
        map_width = maps.shape[2]
    response, position = np.concatenate(responses), np.concatenate(positions)
    order = np.argsort(-response, axis=0, kind="stable")[:num_patches]
    rows, columns = np.divmod(np.take_along_axis(position, order, 0), map_width)
    values = np.take_along_axis(response, order, 0)
    return MaximalActivations(order.T, rows.T, columns.T, values.T)


def cut_patches(
    images: np.ndarray, found: MaximalActivations, field: ReceptiveField
) -> np.ndarray:
    """Cuts units' receptive fields out of the images.

    Args:
        images: uint8 `(count, height, width, channels)`.
        found: Units, from `find_maximal_activations`.
        field: Of their layer.

    Returns:
        uint8 `(filters, count, field_height, field_width, channels)`; grey
        where a field leaves the image.
    """
    return np.stack(
        [
            np.stack(
                [
                    cut_window(images[index], field.box(row, column))
                    for index, row, column in zip(*units, strict=True)
                ]
            )
            for units in zip(
                found.images, found.rows, found.columns, strict=True
            )
        ]
    )


def cut_window(image: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """Cuts a window out of an image, grey where it leaves it.

    Args:
        image: uint8 `(height, width, channels)`.
        box: Top, left, bottom, right; the last two exclusive.

    Returns:
        uint8 `(bottom - top, right - left, channels)`.
    """
    top, left, bottom, right = box
    height, width, channels = image.shape
    patch = np.full(
        (bottom - top, right - left, channels), _PADDING_LEVEL, image.dtype
    )
    patch[..., ALPHA:] = OPAQUE
    rows = slice(max(top, 0), min(bottom, height))
    columns = slice(max(left, 0), min(right, width))
    patch[
        rows.start - top : rows.stop - top,
        columns.start - left : columns.stop - left,
    ] = image[rows, columns]
    return patch


def draw_maximal_activations(
    model: TrainedModel, real_images: np.ndarray, layer_name: str
) -> np.ndarray:
    """Draws nine patches for each of D's first filters.

    Args:
        model: Whose D.
        real_images: uint8 `(count, height, width, channels)`.
        layer_name: Of D.

    Returns:
        uint8 `(height, width, 3)`.
    """
    field = compute_receptive_field(model.discriminator, layer_name)
    found = find_maximal_activations(
        model.discriminator, layer_name, real_images, 9, _NUM_FILTERS
    )
    patches = cut_patches(real_images, found, field)
    panels = [
        Panel(as_grid(nine, 3), f"filter {index + 1}", tile_side=64)
        for index, nine in enumerate(patches)
    ]
    height, width = field.size
    return draw_sheet(
        f"The patches that excite {layer_name} most",
        [panels[start : start + 4] for start in range(0, len(panels), 4)],
        f"For each filter, the nine of {len(real_images):,} real images with "
        "the strongest response, cut to the unit's receptive field of "
        f"{height}x{width} pixels (grey: outside the image). "
        f"{describe_origin(model)}",
    )
