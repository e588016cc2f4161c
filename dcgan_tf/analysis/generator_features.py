"""Draws what each feature map of G adds: dropped and boosted."""

import numpy as np

from dcgan_tf.analysis.generator_maps import draw_from_maps
from dcgan_tf.analysis.layers import compute_maps
from dcgan_tf.analysis.samples import describe_origin
from dcgan_tf.analysis.sheet import Panel, as_row, draw_sheet
from dcgan_tf.analysis.signals import signal_to_uint8
from dcgan_tf.runs.trained_model import TrainedModel

_BOOST = 4.0
_NUM_RANKING_SAMPLES = 64
# Shown: maps, and samples of each.
_NUM_FEATURES = 8
_NUM_SAMPLES = 4


def rank_maps(
    model: TrainedModel, layer_name: str, maps: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Orders a layer's maps by how much dropping each changes the images.

    Args:
        model: Whose G.
        layer_name: The layer.
        maps: Its activations, from `compute_maps`.

    Returns:
        `order`: int `(filters,)`, the most important first.
        `effects`: float `(filters,)` by filter, mean absolute change of a
        pixel in levels of 255.
    """
    num_filters = maps.shape[-1]
    whole = draw_from_maps(
        model.generator, layer_name, maps, np.ones(num_filters)
    ).astype(np.int16)
    effects = np.empty(num_filters)
    for index in range(num_filters):
        without = draw_from_maps(
            model.generator, layer_name, maps, _gains(num_filters, index, 0)
        )
        effects[index] = np.abs(whole - without).mean()
    return np.argsort(-effects, kind="stable"), effects


def _gains(num_filters: int, index: int, gain: float) -> np.ndarray:
    gains = np.ones(num_filters, np.float32)
    gains[index] = gain
    return gains


def draw_generator_features(model: TrainedModel, layer_name: str) -> np.ndarray:
    """Draws the maps that matter most: dropped, boosted, the difference.

    Args:
        model: Whose G.
        layer_name: Of G.

    Returns:
        uint8 `(height, width, 3)`.
    """
    latents = model.sample_latents(_NUM_RANKING_SAMPLES)
    maps = compute_maps(model.generator, layer_name, latents)
    order, effects = rank_maps(model, layer_name, maps)
    num_filters = maps.shape[-1]

    def draw(index, gain):
        return draw_from_maps(
            model.generator,
            layer_name,
            maps[:_NUM_SAMPLES],
            _gains(num_filters, index, gain),
        )

    whole = draw(0, 1.0)
    shown = order[:_NUM_FEATURES]
    without = np.stack([draw(index, 0.0) for index in shown])
    boosted = np.stack([draw(index, _BOOST) for index in shown])
    change = boosted.astype(np.float32) - without
    labels = [f"map {i + 1} ({effects[i]:.1f})" for i in shown]
    return draw_sheet(
        f"What the feature maps of G's {layer_name} draw",
        [
            [Panel(as_row(whole), "The samples", tile_side=80)],
            [
                Panel(without, "Without the map", labels, tile_side=80),
                Panel(boosted, f"With {_BOOST:g} times the map", tile_side=80),
                Panel(
                    signal_to_uint8(change, axes=(1, 2, 3, 4)),
                    "Difference of the two",
                    tile_side=80,
                ),
            ],
        ],
        f"The {len(shown)} of {num_filters} maps whose absence changes "
        f"{_NUM_RANKING_SAMPLES} samples most; in brackets, the mean change of "
        "a pixel in levels of 255. Differences: grey is none, each row on "
        f"its own scale. {describe_origin(model)}",
    )
