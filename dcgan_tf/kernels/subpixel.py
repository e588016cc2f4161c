"""Transposed convolutions as sub-pixel convolutions.

A transposed convolution of stride s is s^2 plain ones, one for each phase of
an output pixel under the stride: every s-th row and column of the kernel
makes every s-th row and column of the output (Shi et al., 2016, "Is the
deconvolution layer the same as a convolutional layer?", arXiv 1609.07009).
"""

import numpy as np
import tensorflow as tf


def same_padding(kernel_size: int, stride: int) -> tuple[int, int]:
    """Returns the zeros before and after a side that the stride divides."""
    total = kernel_size - stride
    return total // 2, total - total // 2


def list_phases(
    kernel_size: int, stride: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Lists the taps of a kernel that reach each pixel under a stride.

    Tap k of input i adds to output `stride * i + k - before`, where `before`
    is the pixels that "same" padding cuts off before the first.

    Args:
        kernel_size: Taps along one side, no fewer than `stride`.
        stride: Along that side.

    Returns:
        For each of the `stride` pixels `(taps, shifts)`: the taps, ascending,
        and how many places after the pixel's own one each tap's input is.
    """
    before, _ = same_padding(kernel_size, stride)
    phases = []
    for phase in range(stride):
        taps = np.arange((phase + before) % stride, kernel_size, stride)
        phases.append((taps, (phase + before - taps) // stride))
    return phases


def convolve_transpose(
    maps: tf.Tensor, kernel: tf.Tensor, stride: int
) -> tf.Tensor:
    """Computes all pixels under a stride at once, as channels of one map.

    One convolution of stride 1 over the windows of all phases (Shi et al.,
    2016, arXiv 1609.05158, Section 2.2), for outputs of few channels.
    Takes and returns what `convolutions.convolve_transpose` does, without
    its gradients.
    """
    return shuffle_pixels(maps, arrange_kernel(kernel, stride), stride)


def arrange_kernel(kernel: tf.Tensor, stride: int) -> tf.Tensor:
    """Arranges a transposed convolution's kernel for `shuffle_pixels`.

    Args:
        kernel: `(rows, columns, outputs, inputs)`.
        stride: In both directions.

    Returns:
        `(row places, column places, inputs, stride * stride * outputs)`, with
        zeros where a tap doesn't reach a pixel.
    """
    outputs, inputs = kernel.shape[2:]
    sizes = []
    paddings = []
    for size in kernel.shape[:2]:
        before, _ = same_padding(size, stride)
        # Places on either side that reach a pixel over this one.
        reach = max(-(-before // stride), -(-(size - before) // stride) - 1)
        sizes.append(2 * reach + 1)
        start = reach * stride - before
        paddings.append((start, sizes[-1] * stride - start - size))
    split = tf.reshape(
        tf.pad(kernel, [*paddings, (0, 0), (0, 0)]),
        [sizes[0], stride, sizes[1], stride, outputs, inputs],
    )
    # Reversed: the place before this one reaches it with its later pixels.
    return tf.reshape(
        tf.transpose(split[::-1, :, ::-1], [0, 2, 5, 1, 3, 4]),
        [*sizes, inputs, stride * stride * outputs],
    )


def shuffle_pixels(
    maps: tf.Tensor, arranged: tf.Tensor, stride: int
) -> tf.Tensor:
    """Computes `convolve_transpose` of a kernel from `arrange_kernel`."""
    pixels = tf.nn.conv2d(maps, arranged, 1, "SAME")
    return tf.nn.depth_to_space(pixels, stride)
