"""Sample grids from latents that stay the same through a run."""

import logging
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf import images
from dcgan_tf.config import RunConfig
from dcgan_tf.latents import sample_latents
from dcgan_tf.models.batch_norm import reestimate_statistics
from dcgan_tf.runs.class_names import load_class_names
from dcgan_tf.runs.row_names import add_row_names

_log = logging.getLogger(__name__)

SAMPLES_DIR = "samples"
GIF_FILE = "samples.gif"
_GRID_NAME = re.compile(r"step-(\d{7,})\.png", re.ASCII)
_NUM_SAMPLES = 64
_SAMPLES_PER_CLASS = 8
# A picture of all of ImageNet's classes would be read by nobody.
_MAX_CLASSES_SHOWN = 128
_BATCH_SIZE = 128
_MAX_GIF_FRAMES = 120
# Steps count up from 0, so negative numbers are streams of their own.
_GRID_STREAM = -1
_STATISTICS_STREAM = -2
_STATISTICS_BATCH = 128
_NUM_STATISTICS_BATCHES = 8
# Up to here, a batch of its own has all classes about equally often.
_FEW_CLASSES = 16


def reestimate_generator(generator: keras.Model, config: RunConfig) -> None:
    """Re-estimates G's batch-norm statistics on 1,024 latents of its own.

    The authors sample with each batch's own statistics; fixed ones make an
    image depend on its latent alone. Of a conditional G all classes enter,
    for which more than 1,024 of them take as many latents.
    """
    model = config.model

    def make_batches():
        for index, labels in enumerate(_list_labels(model.num_classes)):
            seed = (config.training.seed, _STATISTICS_STREAM - index)
            latents = sample_latents(_STATISTICS_BATCH, model.latent_dim, seed)
            if model.num_classes:
                yield [latents, tf.constant(labels)]
            else:
                yield latents

    reestimate_statistics(generator, make_batches())


def _list_labels(num_classes: int) -> np.ndarray:
    """Lists each batch's labels, int32 `(num_batches, batch)`.

    Classes in turn, from batch to batch. Few of them begin anew in each, as
    in version 0.1.0, whose runs keep their images by that.
    """
    enough = -(-num_classes // _STATISTICS_BATCH)
    shape = (max(_NUM_STATISTICS_BATCHES, enough), _STATISTICS_BATCH)
    if num_classes <= _FEW_CLASSES:
        turns = np.broadcast_to(np.arange(_STATISTICS_BATCH), shape)
    else:
        turns = np.arange(np.prod(shape)).reshape(shape)
    return (turns % max(num_classes, 1)).astype(np.int32)


def choose_shown_classes(num_classes: int) -> list[int]:
    """Chooses the classes that a conditional run's grids show, a row each.

    All up to 128 of them; of more, so many from all over the list.
    """
    num_shown = min(num_classes, _MAX_CLASSES_SHOWN)
    return [index * num_classes // num_shown for index in range(num_shown)]


def num_samples(config: RunConfig) -> int:
    """Returns how many images a run's grids show."""
    shown = choose_shown_classes(config.model.num_classes)
    return len(shown) * _SAMPLES_PER_CLASS or _NUM_SAMPLES


class SampleGrid:
    """Draws the same latents' images as the generator changes.

    Args:
        config: The run's settings; its seed decides the latents. A
            conditional run's grid shows a class a row, those of
            `choose_shown_classes`.
        row_names: Written beside the rows; empty for none.
    """

    def __init__(self, config: RunConfig, row_names: Sequence[str] = ()):
        self._config = config
        self._row_names = row_names
        num_classes = config.model.num_classes
        self._num_columns = _SAMPLES_PER_CLASS if num_classes else None
        count = num_samples(config)
        seed = (config.training.seed, _GRID_STREAM)
        self._inputs = [sample_latents(count, config.model.latent_dim, seed)]
        if num_classes:
            shown = np.array(choose_shown_classes(num_classes), np.int32)
            labels = np.repeat(shown, _SAMPLES_PER_CLASS)
            self._inputs.append(tf.constant(labels))

    def draw(self, generator: keras.Model) -> np.ndarray:
        """Returns a uint8 grid `(height, width, channels)`.

        Re-estimates the generator's batch-norm statistics first.
        """
        reestimate_generator(generator, self._config)
        samples = []
        for start in range(0, len(self._inputs[0]), _BATCH_SIZE):
            batch = [part[start : start + _BATCH_SIZE] for part in self._inputs]
            inputs = batch if len(batch) > 1 else batch[0]
            drawn = generator(inputs, training=False)
            samples.append(images.to_uint8(drawn).numpy())
        grid = images.make_grid(np.concatenate(samples), self._num_columns)
        if not self._row_names:
            return grid
        row_height = grid.shape[0] // len(self._row_names)
        return add_row_names(grid, self._row_names, row_height)


def choose_row_names(
    run_dir: str | os.PathLike, config: RunConfig
) -> tuple[str, ...]:
    """Returns the names that a run's grids show: their classes', or none.

    A run whose grids have none so far keeps to it: all have one shape.
    """
    if not config.model.num_classes:
        return ()
    paths = list(list_grids(run_dir).values())
    if paths and _is_plain(paths[-1], config.model.image_size):
        return ()
    names = load_class_names(run_dir)
    if len(names) != config.model.num_classes:
        return ()  # Of version 0.1.0, or changed by hand.
    return tuple(names[index] for index in choose_shown_classes(len(names)))


def _is_plain(path: Path, image_size: tuple[int, int]) -> bool:
    cells = np.zeros((_SAMPLES_PER_CLASS, *image_size, 1), np.uint8)
    width = images.make_grid(cells, _SAMPLES_PER_CLASS).shape[1]
    try:
        return images.load_png(path).shape[1] == width
    except (OSError, ValueError, SyntaxError):
        return False


def sample_path(run_dir: str | os.PathLike, step: int) -> Path:
    """Returns where the grid of a step is."""
    return Path(run_dir) / SAMPLES_DIR / f"step-{step:07d}.png"


def list_grids(run_dir: str | os.PathLike) -> dict[int, Path]:
    """Returns a run's grids by step, in order.

    Files of other names, such as a copy `step-0000002 (1).png`, are the
    user's own and left out.
    """
    paths = (Path(run_dir) / SAMPLES_DIR).glob("step-*.png")
    matches = ((_GRID_NAME.fullmatch(path.name), path) for path in paths)
    grids = {int(match[1]): path for match, path in matches if match}
    return dict(sorted(grids.items()))


def remove_later_grids(run_dir: str | os.PathLike, step: int) -> None:
    """Deletes the grids drawn after a step."""
    for grid_step, path in list_grids(run_dir).items():
        if grid_step > step:
            path.unlink()


def load_grids(
    run_dir: str | os.PathLike, log: Callable[[str], None] = _log.warning
) -> dict[int, np.ndarray]:
    """Reads a run's grids by step, at most 120 evenly spaced ones.

    Args:
        run_dir: The run.
        log: Takes a line for the user on each grid that is left out: one
            that can't be read, or that isn't as large as the last.

    Returns:
        uint8 `(height, width, channels)`, all of one shape.
    """
    paths = list(list_grids(run_dir).items())
    count = min(len(paths), _MAX_GIF_FRAMES)
    chosen = np.linspace(0, len(paths) - 1, count).round().astype(int)
    grids = {}
    for step, path in (paths[index] for index in reversed(chosen)):
        try:
            grid = images.load_png(path)
        except (OSError, ValueError, SyntaxError) as error:
            log(f"{path} is left out, as it can't be read: {error}")
            continue
        shape = next(iter(grids.values()), grid).shape
        if grid.shape == shape:
            grids[step] = grid
        else:
            log(f"{path} is left out: it is {grid.shape}, the last {shape}")
    return dict(sorted(grids.items()))


def save_samples_gif(
    run_dir: str | os.PathLike, log: Callable[[str], None] = _log.warning
) -> None:
    """Joins a run's grids into samples.gif; see `load_grids`."""
    grids = load_grids(run_dir, log)
    if grids:
        path = Path(run_dir) / SAMPLES_DIR / GIF_FILE
        images.save_gif(path, grids.values())
