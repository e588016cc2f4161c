"""Convolutions of small maps as matrix products (im2col).

The window of each output pixel of each image becomes a row of one matrix,
which is multiplied by the kernel as another (Chellapilla, Puri and Simard,
2006, "High performance convolutional neural networks for document
processing", Section 2.2). This multiplies by the zeros around a map too and
takes more memory; but convolution kernels vectorize along a map's rows, and
rows of four pixels don't fill a matrix unit. The filter gradient is the
product of the same windows and the gradient of the outputs.

`benchmarks/convolutions.py` times each pass beside TensorFlow's.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from dcgan_tf.kernels import subpixel


def convolve(maps: tf.Tensor, kernel: tf.Tensor, stride: int) -> tf.Tensor:
    """Computes `convolutions.convolve` and its gradients."""

    @tf.custom_gradient
    def convolve_with_gradients(maps, kernel):
        patches = gather_patches(maps, kernel.shape, stride)

        outputs = _multiply(patches, kernel, maps.shape, stride)

        def compute_gradients(upstream):
            # In loops, gradients of gradients come without their shape.
            upstream.set_shape(outputs.shape)
            return (
                convolve_transpose(upstream, kernel, stride),
                _multiply_filters(patches, upstream, kernel.shape),
            )

        return outputs, compute_gradients

    return convolve_with_gradients(maps, kernel)


def convolve_transpose(
    maps: tf.Tensor, kernel: tf.Tensor, stride: int
) -> tf.Tensor:
    """Computes `convolutions.convolve_transpose` and its gradients."""

    @tf.custom_gradient
    def transpose_with_gradients(maps, kernel):
        outputs = _transpose(maps, kernel, stride)

        def compute_gradients(upstream):
            upstream.set_shape(outputs.shape)
            # Gathered once for both gradients, where graphs are optimised.
            patches = gather_patches(upstream, kernel.shape, stride)
            return (
                convolve(upstream, kernel, stride),
                _multiply_filters(patches, maps, kernel.shape),
            )

        return outputs, compute_gradients

    return transpose_with_gradients(maps, kernel)


def compute_filter_gradient(
    large: tf.Tensor,
    small: tf.Tensor,
    kernel_shape: tf.TensorShape,
    stride: int,
) -> tf.Tensor:
    """Computes the gradient of a kernel that maps `large` to `small` or back.

    Args:
        large: `(batch, height, width, inputs)`, what `convolve` took.
        small: `(batch, height / stride, width / stride, outputs)`, the
            gradient of what it gave.
        kernel_shape: `(rows, columns, inputs, outputs)`.
        stride: In both directions.

    Returns:
        The kernel's gradient.
    """
    return _multiply_filters(
        gather_patches(large, kernel_shape, stride), small, kernel_shape
    )


def gather_patches(
    maps: tf.Tensor, kernel_shape: tf.TensorShape, stride: int
) -> tf.Tensor:
    """Gathers the window of each output pixel of a "same" convolution.

    Returns:
        `(batch * places, rows * columns * channels)`, places row by row.
    """
    sides = maps.shape[1:3]
    padding = [subpixel.same_padding(size, stride) for size in kernel_shape[:2]]
    starts = [np.arange(0, side, stride) for side in sides]
    return _gather(
        maps,
        padding,
        starts[0][:, None] + np.arange(kernel_shape[0]),
        starts[1][:, None] + np.arange(kernel_shape[1]),
    )


def _gather(maps, padding, rows, columns):
    """Gathers windows; `rows` and `columns` are indices `(places, taps)`."""
    padded = tf.pad(maps, [(0, 0), *padding, (0, 0)])
    height, width, channels = padded.shape[1:]
    pixels = tf.reshape(padded, [-1, height * width, channels])
    indices = rows[:, None, :, None] * width + columns[None, :, None, :]
    num_places = len(rows) * len(columns)
    num_taps = rows.shape[1] * columns.shape[1]
    patches = tf.gather(
        pixels, indices.reshape(num_places, num_taps).astype(np.int32), axis=1
    )
    return tf.reshape(patches, [-1, num_taps * channels])


def _multiply(patches, kernel, maps_shape, stride):
    outputs = tf.matmul(patches, tf.reshape(kernel, [-1, kernel.shape[3]]))
    rows, columns = (side // stride for side in maps_shape[1:3])
    return tf.reshape(outputs, [-1, rows, columns, kernel.shape[3]])


def _multiply_filters(patches, small, kernel_shape):
    gradient = tf.matmul(
        patches, tf.reshape(small, [-1, kernel_shape[3]]), transpose_a=True
    )
    return tf.reshape(gradient, kernel_shape)


def _transpose(maps, kernel, stride):
    return transpose(
        maps, arrange_kernel(kernel, stride), kernel.shape[:2], stride
    )


def arrange_kernel(kernel: tf.Tensor, stride: int) -> list[tf.Tensor]:
    """Arranges a kernel as matrices for `transpose`.

    Output pixels at the same place under their strides are reached by the
    same taps of the kernel (`subpixel.list_phases`), so that nothing is
    multiplied by zeros but at the map's border.

    Args:
        kernel: `(rows, columns, outputs, inputs)`.
        stride: In both directions.

    Returns:
        For each pixel under a stride, row by row, `(taps * inputs,
        outputs)`.
    """
    outputs, inputs = kernel.shape[2:]
    taps = tf.reshape(tf.transpose(kernel, [0, 1, 3, 2]), [-1, inputs, outputs])
    matrices = []
    for row_taps, _ in subpixel.list_phases(kernel.shape[0], stride):
        for column_taps, _ in subpixel.list_phases(kernel.shape[1], stride):
            indices = row_taps[:, None] * kernel.shape[1] + column_taps
            weights = tf.gather(taps, indices.ravel().astype(np.int32))
            matrices.append(tf.reshape(weights, [-1, outputs]))
    return matrices


def transpose(
    maps: tf.Tensor,
    matrices: Sequence[tf.Tensor],
    kernel_size: Sequence[int],
    stride: int,
) -> tf.Tensor:
    """Computes `convolutions.convolve_transpose` without its gradients.

    Args:
        maps: `(batch, height, width, inputs)`.
        matrices: From `arrange_kernel`.
        kernel_size: `(rows, columns)` of that kernel.
        stride: In both directions.
    """
    rows, columns = maps.shape[1:3]
    row_phases, column_phases = (
        subpixel.list_phases(size, stride) for size in kernel_size
    )
    padding = [(_reach(phases),) * 2 for phases in (row_phases, column_phases)]
    patches = [
        _gather(
            maps,
            padding,
            padding[0][0] + np.arange(rows)[:, None] + row_shifts,
            padding[1][0] + np.arange(columns)[:, None] + column_shifts,
        )
        for _, row_shifts in row_phases
        for _, column_shifts in column_phases
    ]
    pixels = [
        tf.matmul(patch, matrix)
        for patch, matrix in zip(patches, matrices, strict=True)
    ]
    outputs = pixels[0].shape[1]
    split = tf.reshape(
        tf.stack(pixels, axis=1), [-1, rows, columns, stride, stride, outputs]
    )
    return tf.reshape(
        tf.transpose(split, [0, 1, 3, 2, 4, 5]),
        [-1, rows * stride, columns * stride, outputs],
    )


def _reach(phases):
    return max(int(np.abs(shifts).max()) for _, shifts in phases)
