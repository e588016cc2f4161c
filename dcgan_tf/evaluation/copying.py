"""Whether samples are copies of training images, in words and as a figure."""

import os

import numpy as np

from dcgan_tf.evaluation import figures
from dcgan_tf.evaluation.feature_extractors.feature_extractor import Features
from dcgan_tf.evaluation.measures.neighbours import (
    expect_memorized_fraction,
    find_nearest,
    find_suspects,
)
from dcgan_tf.runs.trained_model import TrainedModel

# In each of two spaces; of each that many training images.
_NUM_SUSPECTS, _NUM_NEIGHBOURS = 5, 3
# Times the fraction that is as near by chance. Without copying, of four to a
# hundred held-out images one in 35 to 75 evaluations is above that.
_COPYING_FACTOR = 3
_SPACES = ("pixels", "features")


def warn_of_copies(copying: dict[str, float], num_held_out: int) -> list[str]:
    """Warns where far more samples look like copies than would by chance.

    Args:
        copying: From `compute_copying_measures`.
        num_held_out: How many held-out images it is of.
    """
    by_chance = expect_memorized_fraction(num_held_out)
    by_contrast = copying["copying_pixels_contrast_fraction"]
    expected = {
        # Samples of little contrast are near to images that nobody copied.
        "pixels": max(by_chance, by_contrast),
        "features": by_chance,
    }
    fractions = {
        space: copying[f"copying_{space}_memorized_fraction"]
        for space in _SPACES
    }
    return [
        f"{fraction:.0%} of samples lie nearer to training images, in {space}, "
        f"than all but 5% of held-out images do (without copies some "
        f"{expected[space]:.0%} do): see the neighbours' figure for copies"
        for space, fraction in fractions.items()
        if fraction > _COPYING_FACTOR * expected[space]
    ]


def draw_suspects(
    path: str | os.PathLike,
    samples: tuple[np.ndarray, Features],
    training: tuple[np.ndarray, Features],
    model: TrainedModel,
) -> None:
    """Draws what looks most like copies, in pixels and in features."""
    spaces = {
        space: (getattr(samples[1], space), getattr(training[1], space))
        for space in _SPACES
    }
    chosen = list(
        dict.fromkeys(
            int(suspect)
            for fake, real in spaces.values()
            for suspect in find_suspects(fake, real, _NUM_SUSPECTS)
        )
    )
    nearest = {
        space: find_nearest(
            fake[chosen], real, min(_NUM_NEIGHBOURS, len(real))
        )[1]
        for space, (fake, real) in spaces.items()
    }
    figures.draw_neighbours(
        path, samples[0][chosen], training[0], nearest, model
    )
