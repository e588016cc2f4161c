"""A family's training step, on the project's layers or on Keras's own."""

import keras

from dcgan_tf.kernels import layers
from dcgan_tf.kernels.precision import resolve_precision
from dcgan_tf.models import laplacian_pyramid, original_gan
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.training.state import build_training_state
from peers import project


def build(settings: dict, plain: bool = False):
    """Returns a function that trains a number of steps.

    Args:
        settings: Of `resolve_run_config`.
        plain: Whether networks are of Keras's layers.
    """
    if plain:
        _take_keras_layers()
    config = resolve_run_config(
        {**settings, "image_size": tuple(settings["image_size"])}
    )
    precision = resolve_precision(config.training.precision, 1)
    state = build_training_state(config, precision)
    if plain:
        _check_layers(state)
    return project.make_run(config, state)


def _take_keras_layers() -> None:
    for name in ("Conv2D", "Conv2DTranspose", "BatchNormalization"):
        setattr(layers, name, getattr(keras.layers, name))

    def make_dropout(keep, stream, **options):
        return keras.layers.Dropout(1 - keep, seed=stream, **options)

    for module in (laplacian_pyramid, original_gan):
        module.Dropout = make_dropout


def _check_layers(state) -> None:
    """Fails where a layer that Keras has is still the project's."""
    for network in (state.generator, state.discriminator):
        for layer in network.layers:
            kind = type(layer)
            assert kind.__name__ not in dir(keras.layers) or (
                kind.__module__.startswith("keras")
            ), f"{layer.name} is {kind}"
