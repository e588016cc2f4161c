"""A transposed convolution for inference, its kernel arranged once.

TensorFlow's transposed convolution rearranges its kernel at every call. For
the paper's first layer, of 13 million weights, that is most of the time that
one image takes; arranged once, the weights are read in the order they lie in
memory.
"""

import keras
import tensorflow as tf

from dcgan_tf.kernels import im2col

# Larger maps have fewer weights, and more arithmetic for each.
_MAX_AREA = 4 * 4


def can_prearrange(layer: keras.layers.Layer) -> bool:
    """Whether `PrearrangedTranspose` supports a built layer and gains."""
    if not isinstance(layer, keras.layers.Conv2DTranspose):
        return False
    _, rows, columns, _ = layer.input.shape
    return rows * columns <= _MAX_AREA and not layer.use_bias


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
        kernel = tf.convert_to_tensor(layer.kernel)
        self._matrices = []
        for matrix in im2col.arrange_kernel(kernel, self._stride):
            weight = self.add_weight(shape=matrix.shape, trainable=False)
            weight.assign(matrix)
            self._matrices.append(weight)

    def call(self, inputs):
        return im2col.transpose(
            inputs,
            [tf.convert_to_tensor(weight) for weight in self._matrices],
            self._kernel_size,
            self._stride,
        )

    def compute_output_shape(self, input_shape):
        batch_size, rows, columns, _ = input_shape
        return (
            batch_size,
            rows * self._stride,
            columns * self._stride,
            self._matrices[0].shape[1],
        )
