"""A direction between two groups of latents, applied by several factors."""

from collections.abc import Sequence

import numpy as np

from dcgan_tf.analysis.samples import describe_origin
from dcgan_tf.analysis.sheet import Panel, draw_sheet
from dcgan_tf.runs.trained_model import TrainedModel

NUM_EXEMPLARS = 4
STRENGTHS = np.linspace(-1.0, 1.0, 9)


def compute_direction(start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """Computes the vector from one group's mean to another's.

    The paper's "turn" vector is from four samples that look left to four
    that look right (Section 6.3.2).

    Args:
        start: Floats `(exemplars, latent_dim)`.
        stop: Floats `(exemplars, latent_dim)`.

    Returns:
        float32 `(latent_dim,)`.
    """
    return (np.mean(stop, 0) - np.mean(start, 0)).astype(np.float32)


def apply_direction(
    latents: np.ndarray,
    direction: np.ndarray,
    strengths: np.ndarray = STRENGTHS,
) -> np.ndarray:
    """Moves latents along a direction, without clipping them.

    Args:
        latents: Floats `(count, latent_dim)`.
        direction: Floats `(latent_dim,)`.
        strengths: Floats `(num_strengths,)`.

    Returns:
        float32 `(count, num_strengths, latent_dim)`.
    """
    steps = np.asarray(strengths)[:, None] * direction
    return (latents[:, None] + steps).astype(np.float32)


def draw_latent_direction(
    model: TrainedModel,
    groups: Sequence[np.ndarray],
    names: Sequence[str],
    how_found: str,
    num_samples: int = 6,
) -> np.ndarray:
    """Draws a direction applied to fresh samples.

    Args:
        model: Whose G.
        groups: Latents to turn from and to, floats `(count, latent_dim)`.
        names: Of both.
        how_found: How the exemplars were chosen, for the caption.
        num_samples: Latents to move.

    Returns:
        uint8 `(height, width, 3)`.
    """
    latents = model.sample_latents(num_samples, stream=1)
    moved = apply_direction(latents, compute_direction(*groups))
    images = model.generate(moved.reshape(-1, moved.shape[-1]))
    exemplars = [
        Panel(
            model.generate(group)[None],
            f"Exemplars: {name}",
            tile_side=96,
        )
        for group, name in zip(groups, names, strict=True)
    ]
    return draw_sheet(
        f"From {names[0]} to {names[1]}",
        [
            exemplars,
            [
                Panel(
                    images.reshape(*moved.shape[:2], *images.shape[1:]),
                    "Samples, with the vector added at each strength",
                    column_labels=[f"{s:+.2f}" for s in STRENGTHS],
                    tile_side=96,
                )
            ],
        ],
        "The vector between the means of the exemplars' latents, added to "
        f"random latents at nine strengths. {how_found} "
        f"{describe_origin(model)}",
    )
