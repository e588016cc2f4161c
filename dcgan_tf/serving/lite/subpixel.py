"""A generator's transposed convolutions as plain ones, for LiteRT.

A transposed convolution of stride 2 is four plain ones, one for each phase of
its output: every other row and column of the kernel makes every other row and
column of the map (Shi et al., 2016, arXiv 1609.07009). LiteRT's kernel for
transposed ones goes through all weights again for each row of a map, which
for a batch of 1 is most of its time; its plain one doesn't. The numbers are
the same but for rounding. `benchmarks/lite_generation.py` times it.
"""

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf.kernels.subpixel import list_phases
from dcgan_tf.models.blocks import JoinLabels

_STRIDE = 2


def generate_images(
    generator: keras.Model, latents: tf.Tensor, labels: tf.Tensor | None = None
) -> tf.Tensor:
    """Computes a generator's images.

    Args:
        generator: Of any family.
        latents: float32 `(batch, latent_dim)`.
        labels: int32 `(batch,)` of a conditional generator.

    Returns:
        float32 `(batch, height, width, channels)` in `[-1, 1]`.
    """
    if not any(map(_is_transposed, generator.layers)):
        # Another family's: nothing to gain, and no stages in sequence.
        return generator(
            latents if labels is None else [latents, labels], training=False
        )
    layers = [layer for layer in generator.layers if _is_of_a_stage(layer)]
    one_hot = None
    if labels is not None:
        one_hot = generator.get_layer("one_hot")(labels)
    *others, last = filter(_is_transposed, layers)
    maps = latents
    while layers:
        layer = layers.pop(0)
        if isinstance(layer, JoinLabels):
            maps = layer([maps, one_hot])
        elif layer not in others or layer.strides != (_STRIDE,) * 2:
            # The last makes few maps, for which its layer has a faster way.
            maps = layer(maps, training=False)
        else:
            pointwise = []
            while not isinstance(layers[0], (JoinLabels, type(last))):
                pointwise.append(layers.pop(0))
            maps = _convolve_by_subpixels(maps, layer.kernel, pointwise)
    return maps


def _is_of_a_stage(layer: keras.layers.Layer) -> bool:
    return not isinstance(
        layer, (keras.layers.InputLayer, keras.layers.CategoryEncoding)
    )


def _is_transposed(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, keras.layers.Conv2DTranspose)


def _convolve_by_subpixels(
    maps: tf.Tensor,
    kernel: keras.Variable,
    pointwise: Sequence[Callable[..., tf.Tensor]],
) -> tf.Tensor:
    """Convolves, and applies what follows to each phase, where it can fuse."""
    height, width = maps.shape[1:3]
    rows, columns = (list_phases(size, _STRIDE) for size in kernel.shape[:2])
    padding = [_find_padding(phases) for phases in (rows, columns)]
    padded = tf.pad(maps, [(0, 0), *padding, (0, 0)])
    phases = []
    for row_taps, row_shifts in rows:
        for column_taps, column_shifts in columns:
            top = padding[0][0] + row_shifts.min()
            left = padding[1][0] + column_shifts.min()
            phase = tf.nn.conv2d(
                padded[
                    :,
                    top : top + height + len(row_taps) - 1,
                    left : left + width + len(column_taps) - 1,
                ],
                _take(kernel.value, row_taps, column_taps),
                strides=1,
                padding="VALID",
            )
            for function in pointwise:
                phase = function(phase, training=False)
            phases.append(phase)
    return tf.nn.depth_to_space(tf.concat(phases, axis=-1), _STRIDE)


def _find_padding(
    phases: list[tuple[np.ndarray, np.ndarray]],
) -> tuple[int, int]:
    shifts = np.concatenate([shifts for _, shifts in phases])
    return max(-shifts.min(), 0), max(shifts.max(), 0)


def _take(
    kernel: tf.Tensor, rows: np.ndarray, columns: np.ndarray
) -> tf.Tensor:
    """Takes a phase's kernel, turned round: from the first pixel's tap on."""
    taken = tf.gather(kernel, rows[::-1], axis=0)
    taken = tf.gather(taken, columns[::-1], axis=1)
    # Transposed kernels have outputs before inputs.
    return tf.transpose(taken, (0, 1, 3, 2))
