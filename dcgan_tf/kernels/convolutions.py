"""Strided convolutions whose gradients are computed the fast way on CPUs.

The values and gradients are TensorFlow's own up to rounding. Two passes are
written as other convolutions than TensorFlow's, because its CPU kernels for
them run at a fraction of the speed of its forward convolution:

- the transposed convolution to an image's few channels, as a stride-1
  convolution that computes all pixels under one stride at once
  (`transpose_by_subpixels`; Shi et al., 2016, arXiv 1609.05158, Section 2.2);
- the filter gradient of a small map, as a forward convolution over the batch
  (`convolve_batch`).

Where the processor has matrix units and the kernel is large, small maps'
filter gradients, and in training all passes of the smallest ones, are matrix
products instead (see `products`).

`benchmarks/convolutions.py` times each beside TensorFlow's.
"""

import tensorflow as tf

from dcgan_tf.kernels import cpu_features, im2col

# An image's channels: too few to fill vector units.
_MAX_FEW_CHANNELS = 4
# Maps of so few pixels have a slow filter gradient; in float32 the larger of
# them only with a kernel of so many weights that it overflows the caches.
_SMALL_MAP_AREA = 8 * 8
_SMALLEST_MAP_AREA = 4 * 4
_LARGE_KERNEL = 2**21
# Smaller kernels' products cost more in gathering than they gain.
_MEDIUM_KERNEL = 2**19
# A core's second-level cache, where smaller kernels stay for each image.
_CACHE_BYTES = 2 * 2**20
_DTYPES = (tf.float32, tf.bfloat16)


def can_convolve(
    maps_shape: tf.TensorShape, kernel_size: tuple, stride: int, dtype: tf.DType
) -> bool:
    """Returns whether `convolve` and its transpose take these and gain.

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
        and not tf.config.list_physical_devices("GPU")
        and sides.is_fully_defined()
        and all(side % stride == 0 for side in sides)
        and min(kernel_size) >= stride
    )


def convolve(
    maps: tf.Tensor, kernel: tf.Tensor, stride: int, is_training: bool = False
) -> tf.Tensor:
    """Convolves with "same" padding, as `tf.nn.conv2d`.

    Args:
        maps: `(batch, height, width, inputs)`, sides multiples of `stride`.
        kernel: `(rows, columns, inputs, outputs)` of the same dtype, no
            smaller than `stride`.
        stride: In both directions.
        is_training: Whether gradients follow. Else it is the same on every
            processor, as befits what is exported.

    Returns:
        `(batch, height / stride, width / stride, outputs)`.
    """
    small_area = maps.shape[1] * maps.shape[2] // stride**2
    if is_training and _is_product(small_area, kernel):
        return im2col.convolve(maps, kernel, stride)

    @tf.custom_gradient
    def convolve_with_gradients(maps, kernel):
        def compute_gradients(upstream):
            return (
                _transpose(upstream, kernel, stride),
                _compute_filter_gradient(maps, upstream, kernel.shape, stride),
            )

        return tf.nn.conv2d(maps, kernel, stride, "SAME"), compute_gradients

    return convolve_with_gradients(maps, kernel)


def convolve_transpose(
    maps: tf.Tensor, kernel: tf.Tensor, stride: int, is_training: bool = False
) -> tf.Tensor:
    """The transpose of `convolve`, as `tf.nn.conv2d_transpose`.

    Args:
        maps: `(batch, height, width, inputs)`.
        kernel: `(rows, columns, outputs, inputs)` of the same dtype, no
            smaller than `stride`.
        stride: In both directions.
        is_training: As of `convolve`.

    Returns:
        `(batch, stride * height, stride * width, outputs)`.
    """
    if is_training and _is_product(maps.shape[1] * maps.shape[2], kernel):
        return im2col.convolve_transpose(maps, kernel, stride)

    @tf.custom_gradient
    def transpose_with_gradients(maps, kernel):
        def compute_gradients(upstream):
            return (
                tf.nn.conv2d(upstream, kernel, stride, "SAME"),
                _compute_filter_gradient(upstream, maps, kernel.shape, stride),
            )

        return _transpose(maps, kernel, stride), compute_gradients

    return transpose_with_gradients(maps, kernel)


def _is_product(small_area, kernel) -> bool:
    """Whether all passes of a layer are products."""
    return (
        small_area <= _SMALLEST_MAP_AREA
        and kernel.shape[2] > _MAX_FEW_CHANNELS
        and kernel.shape.num_elements() * kernel.dtype.size > _CACHE_BYTES
        and cpu_features.has_matrix_units()
    )


def _compute_filter_gradient(large, small, kernel_shape, stride):
    """The gradient for a kernel that maps `large` to `small` or back."""
    if _is_slow(large, small, kernel_shape):
        if (
            small.shape[1] * small.shape[2] > _SMALLEST_MAP_AREA
            and kernel_shape.num_elements() >= _MEDIUM_KERNEL
            and cpu_features.has_matrix_units()
        ):
            return im2col.compute_filter_gradient(
                large, small, kernel_shape, stride
            )
        return convolve_batch(large, small, kernel_shape, stride)
    return tf.raw_ops.Conv2DBackpropFilter(
        input=large,
        filter_sizes=kernel_shape,
        out_backprop=small,
        strides=[1, stride, stride, 1],
        padding="SAME",
    )


def _is_slow(large, small, kernel_shape) -> bool:
    """Whether TensorFlow's filter gradient is the slower one."""
    area = small.shape[1] * small.shape[2]
    if large.shape[3] <= _MAX_FEW_CHANNELS or area > _SMALL_MAP_AREA:
        return False
    return (
        area <= _SMALLEST_MAP_AREA
        or large.dtype == tf.bfloat16
        or kernel_shape.num_elements() >= _LARGE_KERNEL
    )


def convolve_batch(
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
            im2col.same_padding(kernel_shape[0], stride),
            im2col.same_padding(kernel_shape[1], stride),
            (0, 0),
        ],
        dilations=stride,
    )
    return tf.transpose(gradient, [1, 2, 0, 3])


def _transpose(maps, kernel, stride):
    """The transpose of `convolve`, without its gradients."""
    if stride > 1 and kernel.shape[2] <= _MAX_FEW_CHANNELS:
        return transpose_by_subpixels(maps, kernel, stride)
    batch_size, rows, columns = (tf.shape(maps)[0], *maps.shape[1:3])
    return tf.nn.conv2d_transpose(
        maps,
        kernel,
        [batch_size, rows * stride, columns * stride, kernel.shape[2]],
        stride,
        "SAME",
    )


def transpose_by_subpixels(
    maps: tf.Tensor, kernel: tf.Tensor, stride: int
) -> tf.Tensor:
    """Computes the `stride**2` pixels over each place as its channels.

    Takes and gives what `convolve_transpose` does.
    """
    outputs, inputs = kernel.shape[2:]
    sizes = []
    paddings = []
    for size in kernel.shape[:2]:
        before, _ = im2col.same_padding(size, stride)
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
    kernel = tf.reshape(
        tf.transpose(split[::-1, :, ::-1], [0, 2, 5, 1, 3, 4]),
        [*sizes, inputs, stride * stride * outputs],
    )
    pixels = tf.nn.conv2d(maps, kernel, 1, "SAME")
    return tf.nn.depth_to_space(pixels, stride)
