"""The fully connected GAN (Goodfellow et al., 2014, arXiv 1406.2661).

Section 5: G of rectifiers and sigmoids, D of maxout units (Goodfellow et al.,
2013, arXiv 1302.4389) with dropout. Widths and initial weights are those of
the authors' configurations (goodfeli/adversarial): grey images get MNIST's
form, RGB ones CIFAR-10's.

Departures, and why:

- Images are in [-1, 1] as everywhere in this project, and the networks scale
  them themselves: grey ones to the [0, 1] of the authors' MNIST, RGB ones by
  1 / 0.5, which gives them about the unit variance of the authors'
  contrast-normalised CIFAR-10. That normalisation itself is left out: it
  couldn't be undone when an image is drawn.
- CIFAR-10's G ends in linear units, which leave any range. Outside of training
  what they draw is clipped to [-1, 1], since it becomes pixels.
- At other sizes than the authors' the widths stay, and D's first weights are
  scaled so that its units start with the same variance.
- Labels, which the paper doesn't have, are joined to the inputs of both
  networks (Mirza and Osindero, 2014, arXiv 1411.1784, Section 3). A label's
  one among hundreds of pixels or latents would be heeded too late: D would
  tell samples by labels that G doesn't heed yet. So G's is as large as all
  latents together, and D's as a fixed part of an image.
"""

import math

import keras
import tensorflow as tf

from dcgan_tf.config import ModelConfig
from dcgan_tf.families import MAXOUT_PIECES
from dcgan_tf.kernels.keras_settings import own_keras_settings
from dcgan_tf.models.blocks import (
    ClipWhenDrawing,
    JoinLabels,
    UniformInitializers,
    make_activation,
    make_label_inputs,
)
from dcgan_tf.models.discriminator import FunctionalDiscriminator
from dcgan_tf.models.dropout import Dropout

# Of a label beside an image whose pixels' root mean square is 1: half of what
# digits have.
_LABEL_TO_PIXELS = 0.16
# The variance of uniform noise in [-1, 1] becomes 1.
_NOISE_SCALE = math.sqrt(3.0)
_GENERATOR_RANGE, _LINEAR_RANGE = 0.05, 0.5
_DISCRIMINATOR_RANGE = 0.005
_AUTHORS_NUM_PIXELS = {1: 28 * 28, 3: 32 * 32 * 3}
_UNIT_VARIANCE_SCALE = 0.5
_KEPT_INPUTS, _KEPT_UNITS = 0.8, 0.5
_NUM_HIDDEN = 2
# What has no bias to learn from the data: always black, or always white.
_LEAST_MARGINAL = 0.5 / 255


@own_keras_settings()
def build_original_generator(
    config: ModelConfig, dtype: str = "float32", seed: int = 0
) -> keras.Model:
    """Builds the fully connected generator.

    Args:
        config: Its shape: two hidden layers of `hidden_units`. Grey: ReLU,
            ReLU, sigmoid. RGB: ReLU, sigmoid, linear.
        dtype: Keras dtype policy of all layers but the last, which is
            float32.
        seed: Of the initial weights.

    Returns:
        A functional model from float32 latents `(batch, latent_dim)`,
        uniform in `[-1, 1]`, to float32 images `(batch, height, width,
        channels)`, in `[-1, 1]` outside of training; from `[latents,
        labels]` where conditional, labels int32 `(batch,)`.
    """
    initializers = UniformInitializers(seed)
    is_grey = config.channels == 1
    latents = keras.Input((config.latent_dim,), name="latents")
    values = keras.layers.Rescaling(_NOISE_SCALE, name="noise")(latents)
    scale = math.sqrt(config.latent_dim)
    inputs, values = _join_labels(config, latents, values, scale)
    second = "relu" if is_grey else "sigmoid"
    for index, activation in enumerate(("relu", second), start=1):
        name = f"hidden_{index}"
        values = keras.layers.Dense(
            config.hidden_units,
            kernel_initializer=initializers.make(_GENERATOR_RANGE),
            dtype=dtype,
            name=name,
        )(values)
        values = make_activation(activation, dtype, f"{name}_{activation}")(
            values
        )
    shape = (*config.image_size, config.channels)
    largest = _GENERATOR_RANGE if is_grey else _LINEAR_RANGE
    values = keras.layers.Dense(
        math.prod(shape),
        kernel_initializer=initializers.make(largest),
        dtype=dtype,
        name="pixels",
    )(values)
    if is_grey:
        values = make_activation("sigmoid", "float32", "pixels_sigmoid")(values)
        values = keras.layers.Rescaling(2.0, -1.0, name="scale")(values)
    else:
        values = keras.layers.Rescaling(
            _UNIT_VARIANCE_SCALE, dtype="float32", name="scale"
        )(values)
        values = ClipWhenDrawing(dtype="float32", name="clip")(values)
    images = keras.layers.Reshape(shape, dtype="float32", name="image")(values)
    return keras.Model(inputs, images, name="generator")


@own_keras_settings()
def build_original_discriminator(
    config: ModelConfig, dtype: str = "float32", seed: int = 0
) -> keras.Model:
    """Builds the maxout discriminator with dropout.

    Args:
        config: Its shape: two hidden layers of a fifth of `hidden_units`,
            each the largest of five.
        dtype: Keras dtype policy of all layers but the logit, which is
            float32.
        seed: Of the initial weights.

    Returns:
        A functional model from float32 images `(batch, height, width,
        channels)` in `[-1, 1]` to float32 logits `(batch, 1)`; from
        `[images, labels]` where conditional. In training, call it in
        `dropout.masks_drawn_by`.
    """
    initializers = UniformInitializers(seed, stream=1)
    shape = (*config.image_size, config.channels)
    images = keras.Input(shape, name="images")
    rescale = (
        keras.layers.Rescaling(0.5, 0.5, name="scale")
        if config.channels == 1
        else keras.layers.Rescaling(1 / _UNIT_VARIANCE_SCALE, name="scale")
    )
    values = keras.layers.Flatten(name="pixels")(rescale(images))
    num_pixels = math.prod(shape)
    scale = _LABEL_TO_PIXELS * math.sqrt(num_pixels)
    inputs, values = _join_labels(config, images, values, scale)
    largest = _DISCRIMINATOR_RANGE * math.sqrt(
        _AUTHORS_NUM_PIXELS[config.channels] / num_pixels
    )
    keep = _KEPT_INPUTS
    for index in range(1, _NUM_HIDDEN + 1):
        values = Dropout(
            keep, stream=index, dtype=dtype, name=f"dropout_{index}"
        )(values)
        values = keras.layers.Dense(
            config.hidden_units // MAXOUT_PIECES * MAXOUT_PIECES,
            kernel_initializer=initializers.make(largest),
            dtype=dtype,
            name=f"hidden_{index}",
        )(values)
        values = LargestPiece(
            MAXOUT_PIECES, dtype=dtype, name=f"maxout_{index}"
        )(values)
        keep, largest = _KEPT_UNITS, _DISCRIMINATOR_RANGE
    values = Dropout(
        keep, stream=_NUM_HIDDEN + 1, dtype=dtype, name="dropout_logit"
    )(values)
    logits = keras.layers.Dense(
        1,
        kernel_initializer=initializers.make(_DISCRIMINATOR_RANGE),
        dtype="float32",
        name="logit",
    )(values)
    return FunctionalDiscriminator(inputs, logits, name="discriminator")


def set_output_marginals(generator: keras.Model, mean_image) -> None:
    """Sets a grey generator's output biases to the pixels' marginals.

    So that it starts from the mean image, as the authors' does.

    Args:
        generator: From `build_original_generator`; changed in place. An RGB
            one has no such biases, and is left as it is.
        mean_image: float32 `(height, width, 1)` in `[-1, 1]`.
    """
    if generator.output_shape[-1] != 1:
        return
    marginals = tf.clip_by_value(
        (tf.reshape(mean_image, (-1,)) + 1.0) / 2.0,
        _LEAST_MARGINAL,
        1.0 - _LEAST_MARGINAL,
    )
    bias = generator.get_layer("pixels").bias
    bias.assign(tf.math.log(marginals / (1.0 - marginals)))


def _join_labels(
    config: ModelConfig,
    inputs: keras.KerasTensor,
    values: keras.KerasTensor,
    scale: float,
):
    """Returns a network's inputs, and its values with labels joined."""
    if not config.num_classes:
        return inputs, values
    labels, one_hot = make_label_inputs(config.num_classes)
    one_hot = keras.layers.Rescaling(scale, name="label_scale")(one_hot)
    return [inputs, labels], JoinLabels(name="join_labels")([values, one_hot])


@keras.saving.register_keras_serializable("dcgan_tf")
class LargestPiece(keras.layers.Layer):
    """Takes the largest of each unit's pieces.

    With the dense layer before it, a layer of maxout units (Goodfellow et
    al., 2013, arXiv 1302.4389, Section 3).

    Args:
        num_pieces: How many neighbouring values make a unit.
    """

    def __init__(self, num_pieces: int, **kwargs):
        super().__init__(**kwargs)
        self.num_pieces = num_pieces

    def call(self, values):
        num_units = values.shape[-1] // self.num_pieces
        pieces = keras.ops.reshape(values, (-1, num_units, self.num_pieces))
        return keras.ops.max(pieces, axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] // self.num_pieces)

    def get_config(self):
        return {**super().get_config(), "num_pieces": self.num_pieces}
