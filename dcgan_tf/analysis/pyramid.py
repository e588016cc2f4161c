"""A Laplacian pyramid's samples, level by level (Denton et al., 2015)."""

import keras
import numpy as np

from dcgan_tf.analysis.samples import describe_origin
from dcgan_tf.analysis.sheet import Panel, draw_sheet
from dcgan_tf.families import count_pyramid_planes
from dcgan_tf.images import to_uint8
from dcgan_tf.models.laplacian_pyramid import list_sizes
from dcgan_tf.runs.trained_model import TrainedModel

_NUM_SAMPLES, _NUM_COARSE, _NUM_FINISHES = 6, 4, 8
_FINISH_STREAM = 1
_TILE_SIDE = 96


def draw_pyramid(model: TrainedModel) -> np.ndarray:
    """Draws samples from coarse to fine, and coarse images finished anew.

    Args:
        model: Of a `lapgan` run, unconditional.

    Returns:
        A sheet, uint8 `(height, width, 3)`.
    """
    names, levels = _draw_levels(model, model.sample_latents(_NUM_SAMPLES))
    return draw_sheet(
        "Levels of a Laplacian pyramid",
        [
            [Panel(levels, "From coarse to fine", column_labels=names,
                   tile_side=_TILE_SIDE)],
            [Panel(_draw_finishes(model), "One coarse image a row, finished "
                   "with different noise", tile_side=_TILE_SIDE)],
        ],
        "Each level's images, and between them the residuals that are added to "
        "the enlarged coarser image, grey where nothing is. "
        f"{describe_origin(model)}",
    )  # fmt: skip


def _draw_levels(
    model: TrainedModel, latents: np.ndarray
) -> tuple[list[str], np.ndarray]:
    """Returns columns' names and tiles `(samples, columns, ...)`."""
    sizes = list_sizes(model.config.model)
    names, layers = [f"{sizes[0][0]}x{sizes[0][1]}"], ["level_0_image"]
    for level, (height, width) in enumerate(sizes[1:], start=1):
        names += ["residual", f"{height}x{width}"]
        layers += [f"level_{level}_residual", f"level_{level}_image"]
    taps = keras.Model(
        model.generator.inputs[0],
        [model.generator.get_layer(name).output for name in layers],
    )
    maps = taps(latents, training=False)
    return names, np.stack([_enlarge(x, sizes[-1]) for x in maps], axis=1)


def _draw_finishes(model: TrainedModel) -> np.ndarray:
    """Returns images `(coarse images, finishes, ...)`."""
    config = model.config.model
    num_coarse = config.latent_dim - count_pyramid_planes(config.image_size)
    latents = model.sample_latents(_NUM_COARSE * _NUM_FINISHES, _FINISH_STREAM)
    latents = latents.reshape(_NUM_COARSE, _NUM_FINISHES, -1)
    latents[..., :num_coarse] = latents[:, :1, :num_coarse]
    images = model.generate(latents.reshape(-1, latents.shape[-1]))
    return images.reshape(_NUM_COARSE, _NUM_FINISHES, *images.shape[1:])


def _enlarge(maps, size: tuple[int, int]) -> np.ndarray:
    """Repeats pixels, so that every level's own are seen."""
    pixels = to_uint8(maps).numpy()
    factor = size[0] // pixels.shape[1]
    return pixels.repeat(factor, axis=1).repeat(factor, axis=2)
