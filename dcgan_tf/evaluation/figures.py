"""Figures of an evaluation: the probe, nearest neighbours, segments."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.figure
import matplotlib.ticker
import numpy as np

from dcgan_tf import scratch
from dcgan_tf.evaluation.linear_probe.result import ProbeResult
from dcgan_tf.evaluation.pixel_features import Segmentation
from dcgan_tf.images import make_grid, save_figure, to_uint8
from dcgan_tf.runs.trained_model import TrainedModel

_NUM_SHOWN = 10
_SEGMENT_COLOURS = np.array([[40, 40, 60], [250, 250, 240], [230, 90, 70]])
# Labels of counts nearer than this ratio would run into each other.
_CROWDED = 1.6


def draw_probe(
    path: str | os.PathLike,
    result: Mapping[str, Any],
    model: TrainedModel,
) -> None:
    """Draws accuracy against labels, with error bars, and saves it.

    Args:
        path: A .png file.
        result: A probe's, as its JSON file has it.
        model: Named in the title.
    """
    results = [ProbeResult(**row) for row in result["probe"]]
    data = result["probe_data"]
    figure = matplotlib.figure.Figure((7, 4.6), layout="constrained")
    axes = figure.add_subplot()
    for name in dict.fromkeys(row.features for row in results):
        rows = [row for row in results if row.features == name]
        rows.sort(key=lambda row: row.num_labels)
        axes.errorbar(
            [row.num_labels for row in rows],
            [100 * row.accuracy for row in rows],
            [100 * (row.std or 0) for row in rows],
            marker="o",
            capsize=3,
            label=name,
        )
    axes.set_xscale("log")
    ticks = sorted({row.num_labels for row in results})
    texts = [f"{tick:,}" for tick in ticks]
    for index in range(1, len(ticks)):
        if ticks[index] < _CROWDED * ticks[index - 1]:
            texts[index] = f"\n{texts[index]}"
    axes.set_xticks(ticks, texts)
    axes.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
    axes.set_xlabel("labelled training images")
    axes.set_ylabel(
        f"accuracy on {data['num_test']} images ({data['tested_on']}), %"
    )
    axes.set_title(
        f"Linear probe: {model.name}, step {model.step}\n"
        f"D trained on {result['trained_on']}, probed on {data['dataset']}",
        fontsize="medium",
    )
    axes.grid(alpha=0.3)
    axes.legend()
    _save(figure, path)


def draw_neighbours(
    path: str | os.PathLike,
    samples: np.ndarray,
    training: np.ndarray,
    nearest: Mapping[str, np.ndarray],
    model: TrainedModel,
) -> None:
    """Draws samples above their nearest training images, and saves it.

    Args:
        path: A .png file.
        samples: uint8 `(num_samples, height, width, channels)`: those that
            look most like copies.
        training: uint8 `(num_training, height, width, channels)`.
        nearest: Space -> int `(num_samples, num_neighbours)`, the nearest
            training images there.
        model: Named in the title.
    """
    labels, rows = ["sample"], [samples]
    for space, indices in nearest.items():
        for rank in range(indices.shape[1]):
            labels.append(f"{rank + 1}. in {space}")
            rows.append(training[indices[:, rank]])
    _draw_rows(
        path,
        rows,
        labels,
        "Samples most like copies, and their nearest training images: "
        f"{model.name}, step {model.step}",
    )


def draw_segmentation(
    path: str | os.PathLike,
    images: np.ndarray,
    truth: np.ndarray,
    segmentation: Segmentation,
    names: Sequence[str],
    model: TrainedModel,
) -> None:
    """Draws samples, true segments and those found, and saves it.

    Args:
        path: A .png file.
        images: float32 `(num_samples, height, width, 1)` in `[-1, 1]`.
        truth: int `(num_samples, height, width)`, their segments.
        segmentation: Those found.
        names: Of the segments.
        model: Named in the title.
    """
    shown = slice(0, _NUM_SHOWN)
    _draw_rows(
        path,
        [
            to_uint8(images[shown]).numpy(),
            _SEGMENT_COLOURS[truth[shown]],
            _SEGMENT_COLOURS[segmentation.predicted[shown]],
        ],
        ["sample", "truth", "by G's features"],
        f"{', '.join(names)} from {segmentation.num_labelled} labelled "
        f"samples: {model.name}, step {model.step}",
    )


def _draw_rows(path, rows, labels, title) -> None:
    num_columns = len(rows[0])
    figure = matplotlib.figure.Figure(
        (0.8 * num_columns + 1.4, 0.8 * len(rows) + 0.6), layout="constrained"
    )
    # An axes a row: one an image takes seconds to lay out.
    for axes, images, label in zip(
        figure.subplots(len(rows), squeeze=False)[:, 0],
        rows,
        labels,
        strict=True,
    ):
        strip = make_grid(images.astype(np.uint8), num_columns)
        axes.imshow(strip.squeeze(), cmap="gray", vmin=0, vmax=255)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_frame_on(False)
        axes.set_ylabel(label, rotation=0, ha="right", va="center")
    figure.suptitle(title, fontsize="medium")
    _save(figure, path)


def _save(figure, path) -> None:
    with scratch.new_folder(os.path.dirname(path) or "."):
        save_figure(path, figure)
