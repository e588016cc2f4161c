"""Ablations of the paper's guidelines, as networks and settings.

Radford et al. (2016), Section 3 (architecture) and Section 4 (Adam). The
project's own networks are taken apart into layers, edited and joined again,
so that all else, initial weights included, stays as it is.
"""

import dataclasses
from collections.abc import Callable, Sequence

import before_tensorflow  # noqa: F401
import keras
import numpy as np

from dcgan_tf.config import RunConfig
from dcgan_tf.models import blocks
from dcgan_tf.models.discriminator import LEAKY_RELU_SLOPE
from dcgan_tf.runs.sample_grids import reestimate_generator
from dcgan_tf.training.state import TrainingState, build_training_state

Layers = list[keras.layers.Layer]
Edit = Callable[[Sequence[keras.layers.Layer]], Layers]

# As wide as the hidden layers of the authors' MNIST network.
_HIDDEN_UNITS = 1_024


def keep(layers: Sequence[keras.layers.Layer]) -> Layers:
    """Copies every layer, with the same initial weights to come."""
    return [_copy(layer) for layer in layers]


def _copy(layer: keras.layers.Layer, **changes) -> keras.layers.Layer:
    return type(layer).from_config({**layer.get_config(), **changes})


def pool(layers: Sequence[keras.layers.Layer]) -> Layers:
    """D: max pooling after each activation, where a stride was."""
    edited = []
    for layer in layers:
        if isinstance(layer, keras.layers.Conv2D):
            edited.append(_copy(layer, strides=1))
        else:
            edited.append(_copy(layer))
        if isinstance(layer, keras.layers.LeakyReLU):
            edited.append(keras.layers.MaxPooling2D(dtype=layer.dtype_policy))
    return edited


def enlarge(layers: Sequence[keras.layers.Layer]) -> Layers:
    """G: each pixel repeated, where a stride was."""
    edited = []
    for layer in layers:
        if isinstance(layer, keras.layers.Conv2DTranspose):
            edited.append(keras.layers.UpSampling2D(dtype=layer.dtype_policy))
            edited.append(_copy(layer, strides=1))
        else:
            edited.append(_copy(layer))
    return edited


def hide_before_projection(layers: Sequence[keras.layers.Layer]) -> Layers:
    """G: a hidden dense layer between latents and the first map."""
    return _hide_before(layers, "project", keras.layers.ReLU)


def hide_before_logit(layers: Sequence[keras.layers.Layer]) -> Layers:
    """D: a hidden dense layer between the last map and the logit."""
    return _hide_before(
        layers,
        "logit",
        lambda **options: keras.layers.LeakyReLU(LEAKY_RELU_SLOPE, **options),
    )


def _hide_before(layers, name, activate) -> Layers:
    edited = []
    for layer in layers:
        if layer.name == name:
            options = {"dtype": layer.dtype_policy}
            edited += [
                keras.layers.Dense(
                    _HIDDEN_UNITS,
                    use_bias=False,
                    kernel_initializer=keras.initializers.RandomNormal(
                        stddev=blocks.WEIGHT_STDDEV, seed=0
                    ),
                    **options,
                ),
                _make_norm(layers, **options),
                activate(**options),
            ]
        edited.append(_copy(layer))
    return edited


def drop_norms(layers: Sequence[keras.layers.Layer]) -> Layers:
    """No batch norm; biases instead, since its own go too."""
    return [
        _copy(layer, use_bias=True) if _has_weights(layer) else _copy(layer)
        for layer in layers
        if not _is_norm(layer)
    ]


def norm_first(layers: Sequence[keras.layers.Layer]) -> Layers:
    """D: batch norm after the first convolution too."""
    first, *others = layers
    return [_copy(first), _make_norm(layers), *keep(others)]


def norm_last(layers: Sequence[keras.layers.Layer]) -> Layers:
    """G: batch norm before tanh too."""
    *others, last = layers
    return [*keep(others), _make_norm(layers), _copy(last)]


def _make_norm(layers, **options) -> keras.layers.Layer:
    """A batch norm like the network's others, but for its initial gain."""
    norm = next(layer for layer in layers if _is_norm(layer))
    gain = keras.initializers.RandomNormal(1.0, blocks.WEIGHT_STDDEV, seed=1)
    config = keras.saving.serialize_keras_object(gain)
    return _copy(
        norm, name=f"{norm.name}_new", gamma_initializer=config, **options
    )


def rectify(layers: Sequence[keras.layers.Layer]) -> Layers:
    """D: ReLU in place of LeakyReLU."""
    return [
        keras.layers.ReLU(dtype=layer.dtype_policy, name=layer.name)
        if isinstance(layer, keras.layers.LeakyReLU)
        else _copy(layer)
        for layer in layers
    ]


def drop_tanh(layers: Sequence[keras.layers.Layer]) -> Layers:
    """G: a linear output; samples are clipped to what pixels can show."""
    *others, last = layers
    return [*keep(others), _copy(last, activation="linear")]


def _is_norm(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, keras.layers.BatchNormalization)


def _has_weights(layer: keras.layers.Layer) -> bool:
    return isinstance(
        layer,
        keras.layers.Conv2D | keras.layers.Conv2DTranspose | keras.layers.Dense,
    )


@dataclasses.dataclass(frozen=True)
class Variant:
    """One departure from the guidelines.

    Attributes:
        edit_generator: From G's layers to new ones.
        edit_discriminator: From D's layers to new ones.
        training: `TrainingConfig` settings that differ.
    """

    edit_generator: Edit = keep
    edit_discriminator: Edit = keep
    training: dict = dataclasses.field(default_factory=dict)

    def edit_config(self, config: RunConfig) -> RunConfig:
        """Returns a run's settings with this variant's."""
        return dataclasses.replace(
            config,
            training=dataclasses.replace(config.training, **self.training),
        )

    def build_state(self, config: RunConfig, precision: str) -> TrainingState:
        """Builds what a run trains, with this variant's networks."""
        state = build_training_state(config, precision)
        changes = {}
        for name, edit in (
            ("generator", self.edit_generator),
            ("discriminator", self.edit_discriminator),
        ):
            model = getattr(state, name)
            changes[name] = keras.Sequential(
                [keras.Input(model.input_shape[1:]), *edit(model.layers)],
                name=name,
            )
            optimizer = getattr(state, f"{name}_optimizer")
            fresh = type(optimizer).from_config(optimizer.get_config())
            fresh.build(changes[name].trainable_variables)
            changes[f"{name}_optimizer"] = fresh
        return dataclasses.replace(state, **changes)


VARIANTS = {
    "nothing": Variant(),
    "pooling for strides": Variant(enlarge, pool),
    "a hidden dense layer in each": Variant(
        hide_before_projection, hide_before_logit
    ),
    "no batch norm": Variant(drop_norms, drop_norms),
    "batch norm everywhere": Variant(norm_last, norm_first),
    "ReLU in D": Variant(edit_discriminator=rectify),
    "no tanh": Variant(drop_tanh),
    "beta1 0.9": Variant(training={"beta_1": 0.9}),
    "learning rate 1e-3": Variant(training={"learning_rate": 1e-3}),
}


def is_finite(state: TrainingState) -> bool:
    """Whether training left no NaN and no infinity."""
    return all(
        np.isfinite(weights).all()
        for model in (state.generator, state.discriminator)
        for weights in model.get_weights()
    )


def freeze_generator(state: TrainingState, config: RunConfig) -> keras.Model:
    """Returns the generator ready to sample: float32, final statistics."""
    generator = keras.Sequential(
        [
            keras.Input(state.generator.input_shape[1:]),
            *(
                _copy(layer, dtype="float32")
                for layer in state.generator.layers
            ),
        ]
    )
    generator.set_weights(state.generator.get_weights())
    if any(_is_norm(layer) for layer in generator.layers):
        reestimate_generator(generator, config)
    return generator
