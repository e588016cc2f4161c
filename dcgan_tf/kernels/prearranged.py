"""Transposed convolutions for inference, their kernels arranged once.

A transposed convolution rearranges its kernel at every call. For the paper's
first layer, of 13 million weights, that is most of the time that one image
takes; for the last, to an image's few channels, half of the layer's.
"""

import keras
import tensorflow as tf

from dcgan_tf.kernels import convolutions, im2col, subpixel

# Larger maps have fewer weights, and more arithmetic for each.
_MAX_AREA = 4 * 4


def can_prearrange(layer: keras.layers.Layer) -> bool:
    """Whether `PrearrangedTranspose` supports a built layer and gains."""
    if not isinstance(layer, keras.layers.Conv2DTranspose) or layer.use_bias:
        return False
    return _has_few_channels(layer) or _has_small_maps(layer)


def _has_few_channels(layer) -> bool:
    return convolutions.has_few_channels(layer.kernel.shape, layer.strides[0])


def _has_small_maps(layer) -> bool:
    _, rows, columns, _ = layer.input.shape
    return rows * columns <= _MAX_AREA


class PrearrangedTranspose(keras.layers.Layer):
    """A trained `Conv2DTranspose` for inference, equal up to rounding.

    Args:
        layer: One that `can_prearrange` allows; its weights are copied.
    """

    def __init__(self, layer: keras.layers.Conv2DTranspose):
        super().__init__(
            name=layer.name, dtype=layer.dtype_policy, trainable=False
        )
        self._kernel_size = layer.kernel_size
        self._stride = layer.strides[0]
        self._num_outputs = layer.filters
        self._has_few_channels = _has_few_channels(layer)
        kernel = tf.convert_to_tensor(layer.kernel)
        arranged = (
            [subpixel.arrange_kernel(kernel, self._stride)]
            if self._has_few_channels
            else im2col.arrange_kernel(kernel, self._stride)
        )
        self._arranged = []
        for values in arranged:
            weight = self.add_weight(shape=values.shape, trainable=False)
            weight.assign(values)
            self._arranged.append(weight)

    def call(self, inputs):
        arranged = [tf.convert_to_tensor(weight) for weight in self._arranged]
        if self._has_few_channels:
            return subpixel.shuffle_pixels(inputs, arranged[0], self._stride)
        return im2col.transpose(
            inputs, arranged, self._kernel_size, self._stride
        )

    def compute_output_shape(self, input_shape):
        batch_size, rows, columns, _ = input_shape
        return (
            batch_size,
            rows * self._stride,
            columns * self._stride,
            self._num_outputs,
        )
