"""Strided convolutions with faster gradients on CPUs.

Outputs and gradients equal TensorFlow's up to rounding, gradients of input
gradients too: in training each input gradient is computed by what has
gradients of its own here, since a penalty of D's gradients differentiates it.
Elsewhere it is plain operations: a saved graph would lose gradients within
gradients, and TensorFlow warns of each when it is loaded. Three passes are
computed in another way, because TensorFlow's CPU kernels for them run at a
fraction of the speed of its forward convolution:

- the transposed convolution to an image's few channels, as a convolution of
  stride 1 that computes all pixels under one stride at once (`subpixel`);
- the filter gradient of a small map, as a forward convolution over the batch
  (`compute_filter_gradient_over_batch`);
- on processors with matrix units, where the kernel is large, the filter
  gradients of small maps and, in training, all passes of the smallest maps,
  as matrix products of image patches (`im2col`).

`benchmarks/convolutions.py` times each beside TensorFlow's.
"""

import tensorflow as tf

from dcgan_tf.kernels import cpu_features, im2col, subpixel

# An image's channels: too few to fill vector units.
_MAX_FEW_CHANNELS = 4
# TensorFlow's filter gradient is slow for maps of so few pixels; in float32
# and above the smallest, only if the kernel overflows the caches too.
_SMALL_MAP_AREA = 8 * 8
_SMALLEST_MAP_AREA = 4 * 4
_LARGE_KERNEL = 2**21
# For smaller kernels, gathering patches costs more than the product gains.
_MEDIUM_KERNEL = 2**19
# A core's second-level cache, where smaller kernels stay for each image.
_CACHE_BYTES = 2 * 2**20
_DTYPES = (tf.float32, tf.bfloat16)


def can_convolve(
    maps_shape: tf.TensorShape, kernel_size: tuple, stride: int, dtype: tf.DType
) -> bool:
    """Returns whether `convolve` and its transpose support this and gain.

    Args:
        maps_shape: `(batch, height, width, channels)` of the larger map: the
            input of a convolution, the output of a transposed one.
        kernel_size: `(height, width)`.
        stride: In both directions.
        dtype: Of maps and kernel.
    """
    sides = maps_shape[1:3]
    return (
        dtype in _DTYPES
        and _is_on_processor()
        and sides.is_fully_defined()
        and all(side % stride == 0 for side in sides)
        and min(kernel_size) >= stride
    )


def _is_on_processor() -> bool:
    """Whether the networks run on CPUs: GPUs and TPUs have kernels to match."""
    strategy = tf.distribute.get_strategy()
    return not (
        tf.config.list_physical_devices("GPU")
        or isinstance(strategy, tf.distribute.TPUStrategy)
    )


def convolve(
    maps: tf.Tensor, kernel: tf.Tensor, stride: int, is_training: bool = False
) -> tf.Tensor:
    """Computes a convolution with "same" padding, as `tf.nn.conv2d`.

    Args:
        maps: `(batch, height, width, inputs)`, sides multiples of `stride`.
        kernel: `(rows, columns, inputs, outputs)` of the same dtype, no
            smaller than `stride`.
        stride: In both directions.
        is_training: Whether gradients will be computed. If not, the
            operations are the same on every processor, so that exports don't
            depend on where they were made.

    Returns:
        `(batch, height / stride, width / stride, outputs)`.
    """
    small_area = maps.shape[1] * maps.shape[2] // stride**2
    if is_training and _is_matrix_product(small_area, kernel):
        return im2col.convolve(maps, kernel, stride)

    transpose = convolve_transpose if is_training else _transpose

    @tf.custom_gradient
    def convolve_with_gradients(maps, kernel):
        outputs = _convolve(maps, kernel, stride)

        def compute_gradients(upstream):
            # In loops, gradients of gradients come without their shape.
            upstream.set_shape(outputs.shape)
            return (
                transpose(upstream, kernel, stride),
                _compute_filter_gradient(maps, upstream, kernel.shape, stride),
            )

        return outputs, compute_gradients

    return convolve_with_gradients(maps, kernel)


def convolve_transpose(
    maps: tf.Tensor, kernel: tf.Tensor, stride: int, is_training: bool = False
) -> tf.Tensor:
    """Computes the transpose of `convolve`, as `tf.nn.conv2d_transpose`.

    Args:
        maps: `(batch, height, width, inputs)`.
        kernel: `(rows, columns, outputs, inputs)` of the same dtype, no
            smaller than `stride`.
        stride: In both directions.
        is_training: As of `convolve`.

    Returns:
        `(batch, stride * height, stride * width, outputs)`.
    """
    if is_training and _is_matrix_product(
        maps.shape[1] * maps.shape[2], kernel
    ):
        return im2col.convolve_transpose(maps, kernel, stride)

    convolve_back = convolve if is_training else _convolve

    @tf.custom_gradient
    def transpose_with_gradients(maps, kernel):
        outputs = _transpose(maps, kernel, stride)

        def compute_gradients(upstream):
            upstream.set_shape(outputs.shape)
            return (
                convolve_back(upstream, kernel, stride),
                _compute_filter_gradient(upstream, maps, kernel.shape, stride),
            )

        return outputs, compute_gradients

    return transpose_with_gradients(maps, kernel)


def has_few_channels(kernel_shape: tf.TensorShape, stride: int) -> bool:
    """Whether a transpose is computed for all pixels under a stride at once.

    Args:
        kernel_shape: `(rows, columns, outputs, inputs)`.
        stride: In both directions.
    """
    return stride > 1 and kernel_shape[2] <= _MAX_FEW_CHANNELS


def _convolve(maps, kernel, stride):
    return tf.nn.conv2d(maps, kernel, stride, "SAME")


def _is_matrix_product(small_area, kernel) -> bool:
    """Whether all passes of a layer are computed as matrix products."""
    return (
        small_area <= _SMALLEST_MAP_AREA
        and kernel.shape[2] > _MAX_FEW_CHANNELS
        and kernel.shape.num_elements() * kernel.dtype.size > _CACHE_BYTES
        and cpu_features.has_matrix_units()
    )


def _compute_filter_gradient(large, small, kernel_shape, stride):
    """Computes the gradient of a kernel between `large` and `small`."""
    if _is_slow(large, small, kernel_shape):
        if (
            small.shape[1] * small.shape[2] > _SMALLEST_MAP_AREA
            and kernel_shape.num_elements() >= _MEDIUM_KERNEL
            and cpu_features.has_matrix_units()
        ):
            return im2col.compute_filter_gradient(
                large, small, kernel_shape, stride
            )
        return compute_filter_gradient_over_batch(
            large, small, kernel_shape, stride
        )
    return tf.raw_ops.Conv2DBackpropFilter(
        input=large,
        filter_sizes=kernel_shape,
        out_backprop=small,
        strides=[1, stride, stride, 1],
        padding="SAME",
    )


def _is_slow(large, small, kernel_shape) -> bool:
    """Whether TensorFlow's own filter gradient is slower than ours."""
    area = small.shape[1] * small.shape[2]
    if large.shape[3] <= _MAX_FEW_CHANNELS or area > _SMALL_MAP_AREA:
        return False
    return (
        area <= _SMALLEST_MAP_AREA
        or large.dtype == tf.bfloat16
        or kernel_shape.num_elements() >= _LARGE_KERNEL
    )


def compute_filter_gradient_over_batch(
    large: tf.Tensor,
    small: tf.Tensor,
    kernel_shape: tf.TensorShape,
    stride: int,
) -> tf.Tensor:
    """Computes a filter gradient as a convolution over the batch.

    The gradient sums, over images and places, each pixel of `small` times
    the window of `large` under it. That is a convolution of `large` with
    `small` as the kernel, dilated by the stride: its channels are the images
    of the batch, its batch the channels of `large`, and its output the
    kernel's size. TensorFlow's own adds up images one by one instead, which
    for small maps is more memory traffic than arithmetic.

    Args:
        large: `(batch, height, width, inputs)`, what `convolve` took.
        small: `(batch, height / stride, width / stride, outputs)`, the
            gradient of what it gave.
        kernel_shape: `(rows, columns, inputs, outputs)`.
        stride: In both directions.

    Returns:
        The kernel's gradient.
    """
    gradient = tf.nn.conv2d(
        tf.transpose(large, [3, 1, 2, 0]),
        tf.transpose(small, [1, 2, 0, 3]),
        strides=1,
        padding=[
            (0, 0),
            subpixel.same_padding(kernel_shape[0], stride),
            subpixel.same_padding(kernel_shape[1], stride),
            (0, 0),
        ],
        dilations=stride,
    )
    return tf.transpose(gradient, [1, 2, 0, 3])


def _transpose(maps, kernel, stride):
    """Computes the transpose of `convolve`, without its gradients."""
    if has_few_channels(kernel.shape, stride):
        return subpixel.convolve_transpose(maps, kernel, stride)
    batch_size, rows, columns = (tf.shape(maps)[0], *maps.shape[1:3])
    return tf.nn.conv2d_transpose(
        maps,
        kernel,
        [batch_size, rows * stride, columns * stride, kernel.shape[2]],
        stride,
        "SAME",
    )
