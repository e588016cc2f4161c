"""A generator's transposed convolutions as plain ones, for LiteRT.

A transposed convolution of stride 2 is four plain ones, one for each phase of
its output: every other row and column of the kernel makes every other row and
column of the map (Shi et al., 2016, arXiv 1609.07009). LiteRT's kernel for
transposed ones goes through all weights again for each row of a map, which
for a batch of 1 is most of its time; its plain one doesn't. The numbers are
the same but for rounding. `benchmarks/lite_generation.py` times it.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

_STRIDE = 2

# A phase's taps of a kernel, and the place of the first beside the output's.
_Taps = tuple[list[int], int]


def draw_in_phases(generator: keras.Sequential, latents: tf.Tensor):
    """Computes a generator's images.

    Args:
        generator: From `build_generator`, unconditional.
        latents: float32 `(batch, latent_dim)`.

    Returns:
        float32 `(batch, height, width, channels)` in `[-1, 1]`.
    """
    maps = latents
    layers = list(generator.layers)
    convolutions = [layer for layer in layers if _is_transposed(layer)]
    while layers:
        layer = layers.pop(0)
        # The last makes few maps, for which its layer has a faster way.
        if layer not in convolutions[:-1] or layer.strides != (_STRIDE,) * 2:
            maps = layer(maps, training=False)
            continue
        pointwise = []
        while not _is_transposed(layers[0]):
            pointwise.append(layers.pop(0))
        maps = _convolve_in_phases(maps, layer.kernel, pointwise)
    return maps


def _is_transposed(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, keras.layers.Conv2DTranspose)


def _convolve_in_phases(
    maps: tf.Tensor,
    kernel: keras.Variable,
    pointwise: list[Callable[..., tf.Tensor]],
) -> tf.Tensor:
    """Convolves, and applies what follows to each phase, where it can fuse."""
    height, width = maps.shape[1:3]
    rows, columns = (_find_taps(size) for size in kernel.shape[:2])
    padding = [_find_padding(taps) for taps in (rows, columns)]
    padded = tf.pad(maps, [(0, 0), *padding, (0, 0)])
    phases = []
    for row_taps, row in rows:
        for column_taps, column in columns:
            top, left = row + padding[0][0], column + padding[1][0]
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


def _find_taps(kernel_size: int) -> list[_Taps]:
    """Returns each phase's taps, from the first input pixel to the last.

    Tap k of input i adds to output 2 i + k - p, with p the pixels that "same"
    padding cuts off before the first.
    """
    cut = (kernel_size - _STRIDE) // 2
    phases = []
    for phase in range(_STRIDE):
        start = (phase + cut) % _STRIDE
        taps = list(range(start, kernel_size, _STRIDE))[::-1]
        phases.append((taps, (phase + cut - taps[0]) // _STRIDE))
    return phases


def _find_padding(phases: list[_Taps]) -> tuple[int, int]:
    before = max(-first for _, first in phases)
    after = max(first + len(taps) - 1 for taps, first in phases)
    return max(before, 0), max(after, 0)


def _take(kernel: tf.Tensor, rows: list[int], columns: list[int]) -> tf.Tensor:
    """A phase's kernel: transposed ones have outputs before inputs."""
    taken = tf.gather(tf.gather(kernel, rows, axis=0), columns, axis=1)
    return tf.transpose(taken, (0, 1, 3, 2))
