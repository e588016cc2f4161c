"""A picture of what the runs of a comparison draw."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dcgan_tf.images import make_grid, save_png
from dcgan_tf.runs.trained_model import load_trained_model

_NUM_IN_ROW = 16


def draw_grid(
    path: Path,
    run_dirs: Sequence[Path],
    checkpoints: Sequence[str],
    seed: int,
) -> None:
    """Draws sixteen samples of each run, a run below the other.

    Args:
        path: PNG file.
        run_dirs: The runs.
        checkpoints: Of each, `latest` or a step.
        seed: Of the samples.
    """
    rows = [
        load_trained_model(run_dir, checkpoint).sample_images(_NUM_IN_ROW, seed)
        for run_dir, checkpoint in zip(run_dirs, checkpoints, strict=True)
    ]
    save_png(path, make_grid(np.concatenate(rows), _NUM_IN_ROW))
