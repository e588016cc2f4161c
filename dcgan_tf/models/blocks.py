"""Building blocks of both networks: initializers, batch norm, stages.

A stage is a layer with weights and the batch norm and activation after it.
Unconditional networks are stages in sequence; in conditional ones the labels
are concatenated to the inputs of each stage.
"""

import math
from collections.abc import Callable, Sequence

import keras

from dcgan_tf.config import ModelConfig
from dcgan_tf.kernels import layers

WEIGHT_STDDEV = 0.02
# With Keras's default of 0.99 the statistics lag hundreds of steps behind
# networks that change as fast as these; the paper gives no figure.
BATCH_NORM_MOMENTUM = 0.9
# The authors' code has 1e-8, Keras 1e-3.
BATCH_NORM_EPSILON = 1e-5


def weight_seed(seed: int, stream: int = 0) -> int:
    """Returns the number that the seeds of a network's weights count up from.

    Args:
        seed: Of both networks.
        stream: Another one, of 0 and 1, gives other weights for the same
            seed, so that the two networks differ.
    """
    return (seed * 2 + stream) * 1_000


class NormalInitializers:
    """Makes a new initializer for each weight.

    A Keras initializer returns the same values each time it is called.

    Args:
        seed: Of all initializers.
        stream: As of `weight_seed`.
    """

    def __init__(self, seed: int, stream: int = 0):
        self._seed = weight_seed(seed, stream)
        self._count = 0

    def make_kernel(self) -> keras.initializers.Initializer:
        """Makes N(0, 0.02) for a kernel (Section 4)."""
        return self._make(0.0)

    def make_gain(self) -> keras.initializers.Initializer:
        """Makes N(1, 0.02) for batch norm's gain (the authors' code)."""
        return self._make(1.0)

    def _make(self, mean: float) -> keras.initializers.Initializer:
        self._count += 1
        return keras.initializers.RandomNormal(
            mean, WEIGHT_STDDEV, seed=self._seed + self._count
        )


class UniformInitializers:
    """Makes a new initializer for each weight, as `NormalInitializers`."""

    def __init__(self, seed: int, stream: int = 0):
        self._seed = weight_seed(seed, stream)
        self._count = 0

    def make(self, largest: float) -> keras.initializers.Initializer:
        """Makes uniform weights in `[-largest, largest]`."""
        self._count += 1
        return keras.initializers.RandomUniform(
            -largest, largest, seed=self._seed + self._count
        )


def make_activation(
    activation: str, dtype: str, name: str
) -> keras.layers.Layer:
    """Makes a layer of an activation; ReLUs are of their own class.

    Args:
        activation: A name that Keras knows.
        dtype: Keras dtype policy.
        name: The layer's.
    """
    if activation == "relu":
        return keras.layers.ReLU(dtype=dtype, name=name)
    return keras.layers.Activation(activation, dtype=dtype, name=name)


def make_norm_factory(
    config: ModelConfig, dtype: str, initializers: NormalInitializers
) -> Callable[[str], keras.layers.Layer]:
    """Returns a function that makes a batch-norm layer of a given name.

    The batch norms of conditional networks have no gain and bias, as in the
    authors' conditional network (Section 8). Statistics are computed over
    the global batch of all replicas.
    """
    learns_affine = not config.num_classes

    def make_norm(name: str) -> keras.layers.Layer:
        return layers.BatchNormalization(
            momentum=BATCH_NORM_MOMENTUM,
            epsilon=BATCH_NORM_EPSILON,
            center=learns_affine,
            scale=learns_affine,
            gamma_initializer=initializers.make_gain(),
            synchronized=True,
            dtype=dtype,
            name=name,
        )

    return make_norm


def join_stages(
    inputs: keras.KerasTensor,
    stages: Sequence[Sequence[keras.layers.Layer]],
    config: ModelConfig,
    name: str,
    sequential: type[keras.Sequential] = keras.Sequential,
    functional: type[keras.Model] = keras.Model,
) -> keras.Model:
    """Builds a Sequential of stages, or a functional model with labels.

    Args:
        inputs: Latents or images, symbolic.
        stages: Layers in order.
        config: Whether there are labels.
        name: The model's.
        sequential: Class of the model without labels.
        functional: Class of the model with labels.
    """
    if not config.num_classes:
        flat = [layer for stage in stages for layer in stage]
        return sequential([inputs, *flat], name=name)
    labels, one_hot = make_label_inputs(config.num_classes)
    outputs = inputs
    for index, stage in enumerate(stages):
        # In the precision of what follows, which would cast them anyway, by
        # its name: Keras copies a layer by arguments that are plain values.
        join = JoinLabels(
            dtype=stage[0].dtype_policy.name, name=f"join_labels_{index}"
        )
        outputs = join([outputs, one_hot])
        for layer in stage:
            outputs = layer(outputs)
    return functional([inputs, labels], outputs, name=name)


def make_label_inputs(
    num_classes: int,
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Makes a conditional network's input of labels, and their one-hot form.

    Args:
        num_classes: How many there are.

    Returns:
        Symbolic int32 labels `(batch,)`, and float32 `(batch, num_classes)`
        of the layer `one_hot`.
    """
    labels = keras.Input((), dtype="int32", name="labels")
    encode = keras.layers.CategoryEncoding(
        num_classes, output_mode="one_hot", name="one_hot"
    )
    return labels, encode(labels)


@keras.saving.register_keras_serializable("dcgan_tf")
class JoinLabels(keras.layers.Layer):
    """Concatenates one-hot labels to vectors, or to each pixel of maps.

    Section 8 and the authors' `conv_cond_concat`.
    """

    def call(self, inputs):
        values, one_hot = inputs
        one_hot = keras.ops.cast(one_hot, values.dtype)
        if len(values.shape) == 4:
            one_hot = one_hot[:, None, None, :] * keras.ops.ones_like(
                values[..., :1]
            )
        return keras.ops.concatenate([values, one_hot], axis=-1)

    def compute_output_shape(self, input_shape):
        values, one_hot = input_shape
        return (*values[:-1], values[-1] + one_hot[-1])


@keras.saving.register_keras_serializable("dcgan_tf")
class ClipWhenDrawing(keras.layers.Layer):
    """Clips to `[-1, 1]`, but for training: a clipped pixel learns nothing."""

    def call(self, values, training=False):
        return values if training else keras.ops.clip(values, -1.0, 1.0)

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable("dcgan_tf")
class TakeLatents(keras.layers.Layer):
    """Takes one level's part of latents, as a vector or a plane.

    Args:
        start: Where it starts in `(batch, latent_dim)`.
        shape: Of what it is made into, without the batch.
    """

    def __init__(self, start: int, shape: Sequence[int], **kwargs):
        super().__init__(**kwargs)
        self.start = start
        self.shape = tuple(shape)

    def call(self, latents):
        stop = self.start + math.prod(self.shape)
        part = latents[:, self.start : stop]
        return keras.ops.reshape(part, (-1, *self.shape))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.shape)

    def get_config(self):
        return {
            **super().get_config(), "start": self.start, "shape": self.shape
        }  # fmt: skip
