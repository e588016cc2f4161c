"""Saves both networks as SavedModels, for servers and other languages.

A SavedModel here is a `tf.Module` that holds nothing but the raw variables:
Keras's own exporters write every weight twice. Signatures take and give named
tensors whose first axis is the batch, which is what TensorFlow Serving's two
protocols and its batching need.
"""

import os
from collections.abc import Callable
from pathlib import Path

import keras
import tensorflow as tf

from dcgan_tf import failures, tf_paths
from dcgan_tf import images as image_ops
from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.context.op_callbacks import without_op_callbacks
from dcgan_tf.data.preprocess.graph_decoding import decode_image_bytes
from dcgan_tf.data.preprocess.prepare import prepare_image
from dcgan_tf.latents import latents_from_seeds
from dcgan_tf.models.features import build_feature_extractor
from dcgan_tf.models.inference import prepare_generator
from dcgan_tf.runs.checkpoints import DAMAGED
from dcgan_tf.serving import input_checks, versions


@without_op_callbacks()
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
        generator: Of any family, in float32.
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
        inputs = latents = input_checks.check_latents(latents)
        if labels is not None:
            input_checks.check_labels(labels, config.num_classes)
            inputs = [latents, labels]
        return generator(inputs, training=False)

    def draw_batch(latents, labels=None):
        inputs = [latents]
        if labels is not None:
            inputs.append(input_checks.check_counts(labels, latents, "latent"))
        images = input_checks.apply_to_batch(draw, *inputs)
        # Huge weights make sums of any latents infinite.
        return tf.debugging.check_numerics(images, "images of these latents")

    def sample(seeds, labels=None):
        def sample_one(inputs):
            latents = latents_from_seeds(inputs[0][None], config.latent_dim)
            label = inputs[1][None] if len(inputs) > 1 else None
            images = draw(latents, label)
            images = tf.debugging.check_numerics(
                images, "images of these seeds"
            )
            return image_ops.to_uint8(images)[0]

        if labels is not None:
            labels = input_checks.check_counts(labels, seeds, "seed")
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
            image_ops.to_uint8(draw_batch(latents, labels)),
            fn_output_signature=tf.TensorSpec((), tf.string),
        )

    seeds = tf.TensorSpec((None,), tf.int64)
    signatures = {
        "serving_default": _trace(
            draw_batch, "images", latents=latents, **inputs
        ),
        "sample": _trace(sample, "images", seeds=seeds, **inputs),
        "png": _trace(encode, "image_bytes", latents=latents, **inputs),
    }
    _save(module, path, signatures)


@without_op_callbacks()
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
    - `encoded`: `image_bytes` `(batch,)`, JPEG or PNG files of up to
      `input_checks.MAX_IMAGE_PIXELS`, to the same; decoded, cropped and
      scaled as in training, levels of 16 bits by the range of its images,
      but for EXIF orientation, which isn't read. A PNG file that lacks its
      end is refused.

    Args:
        discriminator: From `build_discriminator`, in float32, unconditional.
        config: Its shape.
        data: How training prepared its images.
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

    def extract_batch(images):
        images = input_checks.check_unit_range(images)
        return input_checks.apply_to_batch(extract, images)

    def prepare(contents):
        with tf.control_dependencies([input_checks.check_image_file(contents)]):
            contents = tf.identity(contents)
        decoded = decode_image_bytes(
            contents, config.channels, data.background, data.level_range
        )
        return prepare_image(decoded, config, data)

    def extract_encoded(image_bytes):
        prepared = tf.map_fn(
            prepare,
            image_bytes,
            fn_output_signature=tf.TensorSpec(image_shape, tf.uint8),
            parallel_iterations=1,  # Large images, one at a time.
        )
        return extract_batch(image_ops.to_float(prepared))

    images = tf.TensorSpec((None, *image_shape), tf.float32)
    image_bytes = tf.TensorSpec((None,), tf.string)
    signatures = {
        "serving_default": _trace(extract_batch, None, images=images),
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

    traced = tf.function(call, autograph=False)
    return traced.get_concrete_function(**specs)


def load_version(path: Path):
    """Loads a version's SavedModel.

    Returns:
        What `tf.saved_model.load` gives; its signatures die with it.

    Raises:
        FileNotFoundError: If it is there no more.
        ValueError: If it is damaged.
    """
    if not path.is_dir():
        raise FileNotFoundError(
            f"{os.fspath(path)!r} was removed after it was found, perhaps by "
            "an export that keeps fewer versions; load the export again"
        )
    try:
        return tf_paths.load_saved_model(path)
    except (OSError, ValueError, *DAMAGED) as error:
        # The system's word, such as that it may not be read, stands.
        if getattr(error, "errno", None) or failures.is_out_of_memory(error):
            raise
        # Advice on devices follows.
        reason = str(error).partition("\n")[0].partition(" You may ")[0]
        raise versions.damaged_error(path, reason) from error
