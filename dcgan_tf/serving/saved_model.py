"""Both networks as SavedModels, for servers and other languages.

A SavedModel here is a `tf.Module` that holds nothing but the raw variables:
Keras's own exporters write every weight twice. Signatures take and give named
tensors whose first axis is the batch, which is what TensorFlow Serving's two
protocols and its batching need.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import keras
import tensorflow as tf

from dcgan_tf import images as image_ops
from dcgan_tf import tf_paths
from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data import preprocess
from dcgan_tf.latents import latents_from_seeds
from dcgan_tf.models.features import build_feature_extractor
from dcgan_tf.models.inference import prepare_generator
from dcgan_tf.serving import versions

# A picture of some kilobytes can claim a size that fills the memory.
MAX_PICTURE_PIXELS = 2**25
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_SIZE_AT, _PNG_SIZE_BYTES = 16, 8


def save_generator(
    generator: keras.Model, config: ModelConfig, path: str | os.PathLike
) -> None:
    """Writes a generator as a SavedModel with three signatures.

    A conditional generator's signatures also take `labels` int32 `(batch,)`.

    - `serving_default`: `latents` float32 `(batch, latent_dim)` to `images`
      float32 `(batch, height, width, channels)` in `[-1, 1]`.
    - `sample`: `seeds` int64 `(batch,)` to `images` uint8. A seed gives the
      same image in any batch and after any restart.
    - `png`: `latents` to `image_bytes` `(batch,)`, PNG files.

    Args:
        generator: From `build_generator`, in float32.
        config: Its shape.
        path: The folder to make.

    Raises:
        ValueError: If the generator computes in another precision.
    """
    generator = prepare_generator(generator)
    module = hold_weights(generator)
    latents = tf.TensorSpec((None, config.latent_dim), tf.float32)
    inputs: dict[str, tf.TensorSpec] = {}
    if config.num_classes:
        inputs["labels"] = tf.TensorSpec((None,), tf.int32)

    def draw(latents, labels=None):
        latents = tf.debugging.check_numerics(latents, "latents")
        if labels is None:
            return generator(latents, training=False)
        # A label out of range would draw as if it were no class at all.
        tf.debugging.assert_non_negative(labels, "labels")
        tf.debugging.assert_less(labels, config.num_classes, "labels")
        return generator([latents, labels], training=False)

    def sample(seeds, labels=None):
        def sample_one(inputs):
            latents = latents_from_seeds(inputs[0][None], config.latent_dim)
            label = inputs[1][None] if len(inputs) > 1 else None
            return image_ops.to_uint8(draw(latents, label))[0]

        # One by one: convolutions round differently in other batch sizes.
        return tf.map_fn(
            sample_one,
            (seeds,) if labels is None else (seeds, labels),
            fn_output_signature=tf.TensorSpec(
                (*config.image_size, config.channels), tf.uint8
            ),
        )

    def encode(latents, labels=None):
        return tf.map_fn(
            tf.io.encode_png,
            image_ops.to_uint8(draw(latents, labels)),
            fn_output_signature=tf.TensorSpec((), tf.string),
        )

    seeds = tf.TensorSpec((None,), tf.int64)
    signatures = {
        "serving_default": _trace(draw, "images", latents=latents, **inputs),
        "sample": _trace(sample, "images", seeds=seeds, **inputs),
        "png": _trace(encode, "image_bytes", latents=latents, **inputs),
    }
    _save(module, path, signatures)


def save_feature_extractor(
    discriminator: keras.Model,
    config: ModelConfig,
    data: DataConfig,
    path: str | os.PathLike,
) -> None:
    """Writes a discriminator as a SavedModel that gives features and logits.

    - `serving_default`: `images` float32 `(batch, height, width, channels)`
      in `[-1, 1]` to `features` float32 `(batch, num_features)`, each
      convolution max-pooled to 4x4 (Section 5.1), and `logits` `(batch, 1)`.
    - `encoded`: `image_bytes` `(batch,)`, JPEG or PNG files of any size up to
      `MAX_PICTURE_PIXELS`, to the same; decoded, cropped and scaled as in
      training.

    Args:
        discriminator: From `build_discriminator`, in float32, unconditional.
        config: Its shape.
        data: How training prepared its pictures.
        path: The folder to make.

    Raises:
        ValueError: If the discriminator is conditional or computes in
            another precision.
    """
    extractor = build_feature_extractor(discriminator)
    module = hold_weights(discriminator)
    image_shape = (*config.image_size, config.channels)

    def extract(images):
        images = tf.debugging.check_numerics(images, "images")
        return extractor(images, training=False)

    def prepare(contents):
        with tf.control_dependencies([_check_picture(contents)]):
            contents = tf.identity(contents)
        picture = preprocess.decode_image_bytes(
            contents, config.channels, data.background
        )
        return preprocess.prepare_image(picture, config, data)

    def extract_encoded(image_bytes):
        prepared = tf.map_fn(
            prepare,
            image_bytes,
            fn_output_signature=tf.TensorSpec(image_shape, tf.uint8),
            parallel_iterations=1,  # Large pictures, one at a time.
        )
        return extract(image_ops.to_float(prepared))

    images = tf.TensorSpec((None, *image_shape), tf.float32)
    image_bytes = tf.TensorSpec((None,), tf.string)
    signatures = {
        "serving_default": _trace(extract, None, images=images),
        "encoded": _trace(extract_encoded, None, image_bytes=image_bytes),
    }
    _save(module, path, signatures)


def _save(module, path: str | os.PathLike, signatures: dict) -> None:
    Path(path).mkdir(parents=True, exist_ok=True)
    with tf_paths.plain_dir(path) as folder:
        tf.saved_model.save(module, os.fspath(folder), signatures)


def hold_weights(model: keras.Model) -> tf.Module:
    """Returns a module with a model's variables and nothing else.

    Raises:
        ValueError: If a layer computes in another precision than float32.
    """
    for layer in model.layers:
        if layer.compute_dtype != "float32":
            raise ValueError(
                f"layer {layer.name!r} computes in {layer.compute_dtype}; "
                "build the network in float32 to export it"
            )
    module = tf.Module(name=model.name)
    module.weights = [variable.value for variable in model.variables]
    return module


def _trace(function: Callable, output: str | None, **inputs: tf.TensorSpec):
    """Traces a signature; `output` names what is not a dict already."""
    specs = {
        name: tf.TensorSpec(spec.shape, spec.dtype, name)
        for name, spec in inputs.items()
    }

    def call(**inputs):
        # Servers don't compare inputs with a signature's shapes; this does.
        inputs = {
            name: tf.ensure_shape(value, specs[name].shape, f"{name}_shape")
            for name, value in inputs.items()
        }
        outputs = function(**inputs)
        return outputs if output is None else {output: outputs}

    return tf.function(call).get_concrete_function(**specs)


def _check_picture(contents: tf.Tensor) -> tf.Operation:
    """Refuses what is no JPEG or PNG, or is too large, before decoding it."""
    is_png = tf.strings.substr(contents, 0, len(_PNG_START)) == _PNG_START
    is_png &= tf.strings.length(contents) >= _PNG_SIZE_AT + _PNG_SIZE_BYTES
    is_jpeg = tf.io.is_jpeg(contents)
    check_kind = tf.debugging.Assert(
        is_png | is_jpeg, ["image_bytes are not a whole JPEG or PNG file"]
    )
    with tf.control_dependencies([check_kind]):
        contents = tf.identity(contents)

    def read_png_size():
        # Width and height, big-endian, follow the name of the first chunk.
        numbers = tf.strings.substr(contents, _PNG_SIZE_AT, _PNG_SIZE_BYTES)
        return tf.cast(
            tf.io.decode_raw(numbers, tf.int32, little_endian=False), tf.int64
        )

    def read_jpeg_size():
        return tf.io.extract_jpeg_shape(contents, tf.int64)[:2]

    size = tf.cond(is_jpeg, read_jpeg_size, read_png_size)
    is_small = (tf.reduce_min(size) > 0) & (
        tf.reduce_max(size) <= MAX_PICTURE_PIXELS
    )
    return tf.debugging.Assert(
        is_small & (tf.reduce_prod(size) <= MAX_PICTURE_PIXELS),
        [f"image_bytes hold over {MAX_PICTURE_PIXELS} pixels:", size],
    )


class GeneratorSignatures(NamedTuple):
    """An exported generator, kept loaded.

    Attributes:
        loaded: What `tf.saved_model.load` gave; signatures die with it.
        sample: The `sample` signature.
        latent_dim: Length of a latent.
        num_classes: Labels that condition it; 0 for none.
    """

    loaded: tf.Module
    sample: Callable
    latent_dim: int
    num_classes: int


def load_generator_signatures(
    export_dir: str | os.PathLike,
) -> GeneratorSignatures:
    """Loads the newest generator of an export.

    Raises:
        FileNotFoundError: If the folder holds no exported generator.
    """
    path = versions.find_newest(Path(export_dir) / versions.GENERATOR)
    config = versions.load_record(path).config.model
    loaded = tf_paths.load_saved_model(path)
    return GeneratorSignatures(
        loaded,
        loaded.signatures["sample"],
        config.latent_dim,
        config.num_classes,
    )
