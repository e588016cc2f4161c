"""The Laplacian pyramid of GANs (Denton et al., 2015, arXiv 1506.05751).

A pyramid (`image_pyramid.py`) holds an image as its smallest version and what
each doubling lacks. One pair of networks makes the smallest images; for each
finer level a pair sees an enlarged coarser image and makes, or judges, the
residual (Section 3.1). A sample is drawn from coarse to fine: enlarge, add a
residual, and again.

Figures are those of the authors' code (facebookarchive/eyescream, cifar/).
Departures, and why:

- Levels go down to a side of 4 to 7, as the paper's LSUN networks do, where
  its CIFAR-10 ones stop at 8: sizes follow DCGAN's.
- Images are in [-1, 1] and scaled by 1 / 0.5 inside the networks, to about the
  unit variance that the authors get by mean and deviation.
- D's convolutions are padded at levels under 16, where the authors' unpadded
  5x5 ones don't fit.
- What is drawn is clipped to [-1, 1] at the finest level, outside of training.
- Labels, where there are any, are joined to each level's inputs as constant
  maps; the authors' class-conditional networks learn these maps.
"""

import math
from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from dcgan_tf.config import ModelConfig
from dcgan_tf.families import count_pyramid_planes
from dcgan_tf.kernels.keras_settings import own_keras_settings
from dcgan_tf.models import blocks
from dcgan_tf.models.discriminator import FunctionalDiscriminator
from dcgan_tf.models.dropout import Dropout
from dcgan_tf.models.image_pyramid import enlarge, make_enlarging_layer

_SCALE = 0.5
_COARSEST_STDDEV = {"generator": 0.05, "discriminator": 0.005}
_LEAST_UNPADDED = 16
_KEPT = 0.5

# A level's layers by their names, built or in a model.
_GetLayer = Callable[[str], keras.layers.Layer]


def list_sizes(config: ModelConfig) -> list[tuple[int, int]]:
    """Returns levels' `(height, width)`, from coarse to fine."""
    height, width = config.image_size
    return [(height >> k, width >> k) for k in range(config.num_scales, -1, -1)]


@own_keras_settings()
def build_pyramid_generator(
    config: ModelConfig, dtype: str = "float32", seed: int = 0
) -> keras.Model:
    """Builds all levels' generators as one, from latents to images.

    The first `latent_dim` less one number a pixel of each finer level are the
    coarsest level's noise, then come the finer levels' planes.

    Args:
        config: Its shape: `hidden_units` at the coarsest level and
            `base_filters` at the finer ones.
        dtype: Keras dtype policy of the hidden layers; images are float32.
        seed: Of the initial weights.

    Returns:
        A functional model from float32 latents `(batch, latent_dim)`,
        uniform in `[-1, 1]`, to float32 images `(batch, height, width,
        channels)`, in `[-1, 1]` outside of training; from `[latents,
        labels]` where conditional. Each level's image is the output of its
        layer `level_K_image`, and `draw_levels` runs levels one by one.
    """
    layers = {x.name: x for x in _make_generator_layers(config, dtype, seed)}
    latents = keras.Input((config.latent_dim,), name="latents")
    inputs, one_hot = _add_labels(config, [latents])
    images = None
    for level in range(len(list_sizes(config))):
        condition = None
        if images is not None:
            up = make_enlarging_layer(f"level_{level}_condition")
            condition = up(images)
        images = _draw_level(layers.get, level, latents, condition, one_hot)
    images = blocks.ClipWhenDrawing(dtype="float32", name="clip")(images)
    inputs = inputs if config.num_classes else inputs[0]
    return keras.Model(inputs, images, name="generator")


def draw_levels(
    generator: keras.Model,
    latents: tf.Tensor,
    real_levels: Sequence[tf.Tensor],
    labels: tf.Tensor | None = None,
) -> list[tf.Tensor]:
    """Draws each level's images on real coarser ones, as training does.

    Args:
        generator: From `build_pyramid_generator`.
        latents: float32 `(batch, latent_dim)`.
        real_levels: From `image_pyramid.shrink_to_levels`.
        labels: int32 `(batch,)` of a conditional generator.

    Returns:
        float32 images of `real_levels`' shapes, not clipped.
    """
    one_hot = None
    if labels is not None:
        one_hot = generator.get_layer("one_hot")(labels)
    conditions = [None, *map(enlarge, real_levels[:-1])]
    return [
        _draw_level(generator.get_layer, level, latents, condition, one_hot)
        for level, condition in enumerate(conditions)
    ]


@own_keras_settings()
def build_pyramid_discriminator(
    config: ModelConfig, dtype: str = "float32", seed: int = 0
) -> keras.Model:
    """Builds all levels' discriminators as one.

    A finer level's sees the sum of condition and residual, which is an image
    of that level's size.

    Args:
        config: As the generator's.
        dtype: Keras dtype policy of the hidden layers; logits are float32.
        seed: Of the initial weights.

    Returns:
        A functional model from a list of float32 images in `[-1, 1]`, from
        coarse to fine, and int32 labels `(batch,)` where conditional, to
        float32 logits `(batch, levels)`. In training, call it in
        `dropout.masks_drawn_by`.
    """
    uniform = blocks.UniformInitializers(seed, stream=1)
    images = [
        keras.Input((*size, config.channels), name=f"images_{level}")
        for level, size in enumerate(list_sizes(config))
    ]
    inputs, one_hot = _add_labels(config, images)
    logits = []
    for level, values in enumerate(images):
        name = f"level_{level}"
        scale = keras.layers.Rescaling(1 / _SCALE, name=f"{name}_scale")
        values = scale(values)
        if level == 0:
            values = keras.layers.Flatten(name=f"{name}_flatten")(values)
        if one_hot is not None:
            join = blocks.JoinLabels(name=f"{name}_join_labels")
            values = join([values, one_hot])
        if level == 0:
            logit = _judge_coarsest(values, config.hidden_units, dtype, seed)
        else:
            logit = _judge_finer(
                values, level, config.base_filters, dtype, uniform
            )
        logits.append(logit)
    logits = keras.layers.Concatenate(dtype="float32", name="logits")(logits)
    return FunctionalDiscriminator(inputs, logits, name="discriminator")


def _make_generator_layers(config: ModelConfig, dtype: str, seed: int):
    """Yields all layers with a name that `_draw_level` looks up."""
    uniform = blocks.UniformInitializers(seed)
    sizes = list_sizes(config)
    start = config.latent_dim - count_pyramid_planes(config.image_size)
    yield blocks.TakeLatents(0, (start,), name="level_0_noise")
    yield from _make_coarsest_layers(config, sizes[0], dtype, seed)
    for level, size in enumerate(sizes[1:], start=1):
        name = f"level_{level}"
        yield blocks.TakeLatents(start, (*size, 1), name=f"{name}_noise")
        start += math.prod(size)
        yield from _make_finer_layers(config, name, uniform, dtype)


def _make_coarsest_layers(
    config: ModelConfig, size: tuple[int, int], dtype: str, seed: int
):
    if config.num_classes:
        yield blocks.JoinLabels(name="level_0_join_labels")
    pixels = math.prod((*size, config.channels))
    widths = {"hidden_1": "relu", "hidden_2": "sigmoid", "pixels": "linear"}
    for index, (part, activation) in enumerate(widths.items()):
        yield keras.layers.Dense(
            pixels if part == "pixels" else config.hidden_units,
            kernel_initializer=_make_normal("generator", seed, index),
            dtype=dtype,
            name=f"level_0_{part}",
        )
        yield blocks.make_activation(
            activation, dtype, f"level_0_{part}_{activation}"
        )
    yield keras.layers.Rescaling(_SCALE, dtype="float32", name="level_0_scale")
    yield keras.layers.Reshape(
        (*size, config.channels), dtype="float32", name="level_0_image"
    )


def _make_finer_layers(
    config: ModelConfig,
    name: str,
    uniform: blocks.UniformInitializers,
    dtype: str,
):
    num_inputs = config.channels + 1 + config.num_classes
    width = config.base_filters
    yield keras.layers.Rescaling(1 / _SCALE, name=f"{name}_unscale")
    yield keras.layers.Concatenate(dtype=dtype, name=f"{name}_join")
    if config.num_classes:
        yield blocks.JoinLabels(name=f"{name}_join_labels")
    for index, (side, inputs, outputs) in enumerate(
        ((7, num_inputs, width), (7, width, width), (5, width, None)), 1
    ):
        yield _make_convolution(
            outputs or config.channels, side, inputs, uniform,
            dtype=dtype, padding="same", name=f"{name}_conv_{index}",
        )  # fmt: skip
        if outputs:
            yield blocks.make_activation(
                "relu", dtype, f"{name}_conv_{index}_relu"
            )
    yield keras.layers.Rescaling(
        _SCALE, dtype="float32", name=f"{name}_residual"
    )
    yield keras.layers.Add(dtype="float32", name=f"{name}_image")


def _draw_level(
    get_layer: _GetLayer,
    level: int,
    latents: tf.Tensor,
    condition: tf.Tensor | None,
    one_hot: tf.Tensor | None,
) -> tf.Tensor:
    """Draws a level's images on a condition; on none, the coarsest."""

    def apply(values, *parts):
        for part in parts:
            values = get_layer(f"level_{level}_{part}")(values)
        return values

    def with_labels(values):
        if one_hot is None:
            return values
        return apply([values, one_hot], "join_labels")

    noise = apply(latents, "noise")
    if condition is None:
        return apply(
            with_labels(noise), "hidden_1", "hidden_1_relu", "hidden_2",
            "hidden_2_sigmoid", "pixels", "pixels_linear", "scale", "image",
        )  # fmt: skip
    joined = apply([apply(condition, "unscale"), noise], "join")
    residual = apply(
        with_labels(joined), "conv_1", "conv_1_relu", "conv_2",
        "conv_2_relu", "conv_3", "residual",
    )  # fmt: skip
    return apply([condition, residual], "image")


def _judge_coarsest(
    values: keras.KerasTensor, hidden_units: int, dtype: str, seed: int
) -> keras.KerasTensor:
    """Makes the coarsest level's logit of its pixels, and labels."""
    name = "level_0"
    for index in (1, 2):
        values = keras.layers.Dense(
            hidden_units,
            kernel_initializer=_make_normal("discriminator", seed, index),
            dtype=dtype,
            name=f"{name}_hidden_{index}",
        )(values)
        values = blocks.make_activation("relu", dtype, f"{name}_relu_{index}")(
            values
        )
        values = Dropout(
            _KEPT, stream=index, dtype=dtype, name=f"{name}_dropout_{index}"
        )(values)
    return keras.layers.Dense(
        1,
        kernel_initializer=_make_normal("discriminator", seed, 3),
        dtype="float32",
        name=f"{name}_logit",
    )(values)


def _judge_finer(
    values: keras.KerasTensor,
    level: int,
    base_filters: int,
    dtype: str,
    uniform: blocks.UniformInitializers,
) -> keras.KerasTensor:
    """Makes a finer level's logit of its images, and labels."""
    name = f"level_{level}"
    size = values.shape[1:3]
    padding = "valid" if min(size) >= _LEAST_UNPADDED else "same"
    for index, stride in enumerate((1, 2), start=1):
        values = _make_convolution(
            base_filters, 5, values.shape[-1], uniform, strides=stride,
            dtype=dtype, padding=padding, name=f"{name}_conv_{index}",
        )(values)  # fmt: skip
        values = blocks.make_activation("relu", dtype, f"{name}_relu_{index}")(
            values
        )
    values = keras.layers.Flatten(dtype=dtype, name=f"{name}_flatten")(values)
    # Streams of their own, after the coarsest level's two.
    values = Dropout(
        _KEPT, stream=2 + level, dtype=dtype, name=f"{name}_dropout"
    )(values)
    largest = values.shape[-1] ** -0.5
    return keras.layers.Dense(
        1,
        kernel_initializer=uniform.make(largest),
        bias_initializer=uniform.make(largest),
        dtype="float32",
        name=f"{name}_logit",
    )(values)


def _make_convolution(filters, side, num_inputs, uniform, **options):
    """Makes a convolution with Torch's initial weights, as the authors'."""
    largest = (side * side * num_inputs) ** -0.5
    return blocks.layers.Conv2D(
        filters,
        side,
        kernel_initializer=uniform.make(largest),
        bias_initializer=uniform.make(largest),
        **options,
    )


def _make_normal(network: str, seed: int, index: int):
    """Makes N(0, 0.05) of G's coarsest level, N(0, 0.005) of D's."""
    stream = list(_COARSEST_STDDEV).index(network)
    return keras.initializers.RandomNormal(
        stddev=_COARSEST_STDDEV[network],
        # Beside those that `UniformInitializers` counts up from 1.
        seed=blocks.weight_seed(seed, stream) + 900 + index,
    )


def _add_labels(config: ModelConfig, inputs: list):
    """Returns inputs with labels, and one-hot labels; both may be none."""
    if not config.num_classes:
        return inputs, None
    labels, one_hot = blocks.make_label_inputs(config.num_classes)
    return [*inputs, labels], one_hot
