"""Walks between random latents (Section 6.1)."""

import dataclasses
import math

import keras
import numpy as np

from dcgan_tf.analysis.samples import describe_origin
from dcgan_tf.analysis.sheet import Panel, as_row, draw_sheet
from dcgan_tf.latents import interpolate
from dcgan_tf.runs.sampling import generate_images
from dcgan_tf.runs.trained_model import TrainedModel

NUM_ANCHORS = 9
SMOOTHNESS_STEPS = 32
_GRID_STEPS = 10
_GIF_STEPS = 12
_TITLE = "Walks between nine random latents"


@dataclasses.dataclass(frozen=True)
class Smoothness:
    """Distances of neighbouring images along a walk.

    Attributes:
        median: Root mean square difference in levels of 255.
        largest: The same.
    """

    median: float
    largest: float

    @property
    def ratio(self) -> float:
        """The largest distance over the median; 1 for an even walk.

        Infinite where most of a walk stands still, as a collapsed G's may.
        """
        if self.median:
            return self.largest / self.median
        return math.inf if self.largest else 1.0

    def __str__(self) -> str:
        if math.isinf(self.ratio):
            return "infinite (most of the walk stands still)"
        return f"{self.ratio:.2f}"


def walk_latents(
    anchors: np.ndarray, steps_per_leg: int, great_circle: bool = False
) -> np.ndarray:
    """Walks from each latent to the next, and from the last to the first.

    Args:
        anchors: Floats `(num_anchors, latent_dim)`.
        steps_per_leg: Steps from one to the next; at least 1.
        great_circle: Whether legs turn at an even rate.

    Returns:
        float32 `(num_anchors, steps_per_leg + 1, latent_dim)`: a leg each,
        both ends included.
    """
    return np.stack(
        [
            interpolate(start, stop, steps_per_leg + 1, great_circle)
            for start, stop in zip(
                anchors, np.roll(anchors, -1, axis=0), strict=True
            )
        ]
    )


def generate_legs(
    generator: keras.Model,
    anchors: np.ndarray,
    steps_per_leg: int,
    great_circle: bool = False,
) -> np.ndarray:
    """Generates the images of `walk_latents`.

    Args:
        generator: Unconditional.
        anchors: Floats `(num_anchors, latent_dim)`.
        steps_per_leg: As for `walk_latents`.
        great_circle: The same.

    Returns:
        uint8 `(num_anchors, steps_per_leg + 1, height, width, channels)`.
    """
    latents = walk_latents(anchors, steps_per_leg, great_circle)
    images = generate_images(generator, latents.reshape(-1, latents.shape[-1]))
    return images.reshape(*latents.shape[:2], *images.shape[1:])


def measure_smoothness(
    generator: keras.Model, anchors: np.ndarray, great_circle: bool = False
) -> Smoothness:
    """Measures whether a walk jumps, in 32 steps a leg.

    Args:
        generator: Unconditional.
        anchors: Floats `(num_anchors, latent_dim)`.
        great_circle: Whether legs turn at an even rate.

    Returns:
        Median and largest distance of neighbouring images, over all legs.
    """
    images = generate_legs(generator, anchors, SMOOTHNESS_STEPS, great_circle)
    images = images.reshape(*images.shape[:2], -1).astype(np.float32)
    distances = np.sqrt((np.diff(images, axis=1) ** 2).mean(-1))
    return Smoothness(float(np.median(distances)), float(distances.max()))


def draw_walk(
    model: TrainedModel, great_circle: bool = False
) -> tuple[np.ndarray, list[np.ndarray], Smoothness]:
    """Draws series between nine random latents.

    Args:
        model: Whose G.
        great_circle: Whether legs turn at an even rate.

    Returns:
        A sheet, uint8 `(height, width, 3)`, a leg a row; frames of an
        endless animation in which nine walks go round at once, uint8
        `(height, width, 3)`; and how smooth the walk is.
    """
    anchors = model.sample_latents(NUM_ANCHORS)
    smoothness = measure_smoothness(model.generator, anchors, great_circle)
    legs = generate_legs(model.generator, anchors, _GRID_STEPS, great_circle)
    names = [f"{i + 1} to {(i + 1) % len(anchors) + 1}" for i in range(9)]
    kind = "great circles" if great_circle else "straight lines"
    sheet = draw_sheet(
        _TITLE,
        [[Panel(legs, row_labels=names, tile_side=96)]],
        f"Each row goes from one latent to the next along {kind}, the last "
        f"row back to the first. In {SMOOTHNESS_STEPS} steps a leg, the "
        f"largest over the median difference of neighbouring images: "
        f"{smoothness}. "
        f"{describe_origin(model)}",
    )
    return sheet, _draw_frames(model, anchors, great_circle, kind), smoothness


def _draw_frames(model, anchors, great_circle, kind) -> list[np.ndarray]:
    # Without each leg's end, which is the next one's start.
    latents = walk_latents(anchors, _GIF_STEPS, great_circle)[:, :-1]
    images = model.generate(latents.reshape(-1, latents.shape[-1]))
    frames = []
    for index in range(len(images)):
        # Every tile is on the same round trip, a leg ahead of the one before.
        tiles = [
            images[(index + leg * _GIF_STEPS) % len(images)]
            for leg in range(len(anchors))
        ]
        frames.append(
            draw_sheet(
                _TITLE,
                [[Panel(as_row(np.stack(tiles)), tile_side=96)]],
                f"All on one round trip along {kind}, each a leg ahead of the "
                f"one before. {describe_origin(model)}",
            )
        )
    return frames
