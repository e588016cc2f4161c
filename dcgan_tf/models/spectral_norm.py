"""Spectral normalisation of D's layers.

Miyato et al., 2018, arXiv 1802.05957, equation 8: a kernel is divided by its
largest singular value, as a matrix of `rows * columns * inputs` by outputs,
so that no layer enlarges a difference between two inputs. That value is
followed by one step of power iteration an update (Algorithm 1), and gradients
pass through the division. Not in the DCGAN paper.

Keras's own wrapper overwrites the kernel with the divided one and gives no
gradient of the division; so these are layers of the project.
"""

import keras
import tensorflow as tf

from dcgan_tf.kernels import layers

_EPSILON = 1e-12
# Enough for weights that training has not followed, such as an average.
_NUM_FINAL_ITERATIONS = 50


@keras.saving.register_keras_serializable("dcgan_tf")
class SpectralConv2D(layers.Conv2D):
    """`Conv2D` whose `kernel` is the normalised one.

    What is trained is the kernel before the division. `iterate_power` moves
    the singular vector; calling the layer doesn't, so that all passes of an
    update see one kernel.
    """

    def build(self, input_shape):
        super().build(input_shape)
        self.singular_vector = _add_singular_vector(self, self.filters)

    @property
    def kernel(self):
        return _normalise(super().kernel, self.singular_vector)

    # The parent's would save the normalised kernel.
    save_own_variables = keras.layers.Layer.save_own_variables
    load_own_variables = keras.layers.Layer.load_own_variables


@keras.saving.register_keras_serializable("dcgan_tf")
class SpectralDense(keras.layers.Dense):
    """`Dense`, likewise."""

    def build(self, input_shape):
        super().build(input_shape)
        self.singular_vector = _add_singular_vector(self, self.units)

    @property
    def kernel(self):
        return _normalise(super().kernel, self.singular_vector)

    save_own_variables = keras.layers.Layer.save_own_variables
    load_own_variables = keras.layers.Layer.load_own_variables


def _add_singular_vector(layer, num_outputs: int) -> keras.Variable:
    return layer.add_weight(
        name="singular_vector",
        shape=(num_outputs,),
        initializer=keras.initializers.Constant(num_outputs**-0.5),
        dtype="float32",
        autocast=False,
        trainable=False,
    )


def _normalise(kernel, singular_vector) -> tf.Tensor:
    """Divides a kernel by its gain along its singular vector."""
    kernel = tf.convert_to_tensor(kernel)
    matrix = _as_matrix(kernel)
    vector = tf.stop_gradient(tf.convert_to_tensor(singular_vector))
    gain = tf.norm(tf.linalg.matvec(matrix, vector))
    normalised = tf.reshape(matrix / (gain + _EPSILON), kernel.shape)
    return tf.cast(normalised, kernel.dtype)


def _as_matrix(kernel) -> tf.Tensor:
    kernel = tf.convert_to_tensor(kernel)
    return tf.cast(tf.reshape(kernel, [-1, kernel.shape[-1]]), tf.float32)


def iterate_power(model: keras.Model, count: int = 1) -> None:
    """Moves each normalised layer's singular vector towards the largest.

    Args:
        model: Networks without normalised layers stay as they are.
        count: Steps of power iteration.
    """
    for layer in model.layers:
        if isinstance(layer, SpectralConv2D | SpectralDense):
            matrix = _as_matrix(layer._kernel)
            vector = tf.convert_to_tensor(layer.singular_vector)
            for _ in range(count):
                left = tf.math.l2_normalize(tf.linalg.matvec(matrix, vector))
                vector = tf.math.l2_normalize(
                    tf.linalg.matvec(matrix, left, transpose_a=True)
                )
            layer.singular_vector.assign(vector)


def fold_spectral_norm(normalised: keras.Model, plain: keras.Model) -> None:
    """Copies a network's weights, kernels normalised, into a plain one.

    Args:
        normalised: Its singular vectors are brought up to date.
        plain: The same network without spectral normalisation, which then
            computes the same.
    """
    iterate_power(normalised, _NUM_FINAL_ITERATIONS)
    for source, target in zip(normalised.layers, plain.layers, strict=True):
        if isinstance(source, SpectralConv2D | SpectralDense):
            target.kernel.assign(source.kernel)
            if source.use_bias:
                target.bias.assign(source.bias)
        else:
            target.set_weights(source.get_weights())
