"""The generator as exports compute it: the same images, sooner.

TensorFlow's transposed convolution writes its kernel anew, in another order,
at every call. For the paper's first layer, 13 million weights, that is most
of the time of a single image; arranged once, they are read as they lie.
"""

import keras
import tensorflow as tf

from dcgan_tf.kernels import im2col

# Larger maps have fewer weights and more arithmetic for each.
_MAX_AREA = 4 * 4


class ArrangedTranspose(keras.layers.Layer):
    """A trained `Conv2DTranspose` whose kernel is arranged as matrices."""

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


def prepare_generator(generator: keras.Model) -> keras.Model:
    """Returns a copy of a generator that draws the same images sooner.

    Args:
        generator: From `build_generator`, in float32; not changed.
    """

    def clone(layer):
        if _is_arranged(layer):
            return ArrangedTranspose(layer)
        return layer.__class__.from_config(layer.get_config())

    prepared = keras.models.clone_model(generator, clone_function=clone)
    for layer in prepared.layers:
        if not isinstance(layer, ArrangedTranspose):
            layer.set_weights(generator.get_layer(layer.name).get_weights())
    return prepared


def _is_arranged(layer: keras.layers.Layer) -> bool:
    if not isinstance(layer, keras.layers.Conv2DTranspose):
        return False
    _, rows, columns, _ = layer.input.shape
    return rows * columns <= _MAX_AREA and not layer.use_bias
