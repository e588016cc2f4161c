"""Describes both networks to be converted to LiteRT, with examples."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf.config import ModelConfig
from dcgan_tf.latents import sample_latents
from dcgan_tf.models.features import build_feature_extractor
from dcgan_tf.runs.final_networks import copy_discriminator
from dcgan_tf.serving import interface
from dcgan_tf.serving.lite import convert, subpixel
from dcgan_tf.serving.saved_model import hold_weights

NUM_CALIBRATED = convert.NUM_CALIBRATED
NUM_CHECKED = 32
NUM_EXAMPLES = NUM_CALIBRATED + NUM_CHECKED
_EXAMPLES_SEED = (1, -1)


def describe_generator(
    generator: keras.Model,
    model: ModelConfig,
    step: int,
    class_names: Sequence[str] = (),
) -> convert.Network:
    """Describes a generator for conversion; its examples are latents."""
    inputs = {"latents": tf.TensorSpec((None, model.latent_dim), tf.float32)}
    if model.num_classes:
        inputs["labels"] = tf.TensorSpec((None,), tf.int32)

    def draw(latents, labels=None):
        return {"images": subpixel.generate_images(generator, latents, labels)}

    def examples():
        latents = draw_latents(_EXAMPLES_SEED, NUM_EXAMPLES, model)
        for index, latent in enumerate(latents):
            row = {"latents": latent[None]}
            if model.num_classes:
                label = index % model.num_classes
                row["labels"] = np.array([label], np.int32)
            yield row

    return convert.Network(
        interface.GENERATOR,
        hold_weights(generator),
        draw,
        inputs,
        examples,
        _describe(model, step, interface.describe_generator_interface(model))
        | ({"classes": list(class_names)} if class_names else {}),
    )


def describe_features(
    discriminator: keras.Model,
    model: ModelConfig,
    step: int,
    images: np.ndarray,
) -> convert.Network:
    """Describes a feature extractor for conversion.

    Args:
        discriminator: Unconditional.
        model: Its shape.
        step: The checkpoint's.
        images: float32 in `[-1, 1]`, `NUM_EXAMPLES` or more, such as the
            network will see: integers are calibrated on the first ones and
            files are checked on the others.
    """
    # Its kernels are rounded for a while, which nobody else may see.
    discriminator = copy_discriminator(model, discriminator)
    extractor = build_feature_extractor(discriminator)
    module = hold_weights(discriminator)
    offset = tf.Variable(tf.zeros(1), trainable=False)
    module.offset = offset
    shape = (None, *model.image_size, model.channels)

    def extract(images):
        outputs = extractor(images, training=False)
        return {**outputs, "logits": outputs["logits"] + offset}

    return convert.Network(
        interface.FEATURES,
        module,
        extract,
        {"images": tf.TensorSpec(shape, tf.float32)},
        lambda: ({"images": row[None]} for row in images[:NUM_EXAMPLES]),
        _describe(model, step, interface.describe_features_interface(model)),
        [discriminator.get_layer("conv_1").kernel.value],
        {"logits": offset},
    )


def _describe(model: ModelConfig, step: int, described: dict) -> dict:
    """Returns the metadata of a file, but for what its tensors tell."""
    return {
        **described,
        "image_size": list(model.image_size),
        "channels": model.channels,
        "latent_dim": model.latent_dim,
        "num_classes": model.num_classes,
        "step": step,
    }


def draw_latents(
    seed: tuple[int, int], count: int, model: ModelConfig
) -> np.ndarray:
    """Draws latents of a seed, float32 `(count, latent_dim)`."""
    return sample_latents(count, model.latent_dim, seed).numpy()
