"""The discriminator: maps images to logits."""

import keras

from dcgan_tf.config import ModelConfig
from dcgan_tf.images import check_float_images
from dcgan_tf.kernels.keras_settings import own_keras_settings
from dcgan_tf.models import blocks
from dcgan_tf.models.spectral_norm import SpectralConv2D, SpectralDense

LEAKY_RELU_SLOPE = 0.2


@own_keras_settings()
def build_discriminator(
    config: ModelConfig, dtype: str = "float32", seed: int = 0
) -> keras.Model:
    """Builds the discriminator of Radford et al. (2016), Section 3.

    Strided convolutions halve the map. Each but the first is followed by
    batch norm, and each by LeakyReLU with slope 0.2; the last map is
    flattened into a single logit. There is no pooling and no hidden dense
    layer, and no layer has a bias, as in the authors' code. Without batch
    norm (`discriminator_batch_norm`) convolutions have biases in its stead;
    with `spectral_norm` all kernels are normalised (`models.spectral_norm`).

    Args:
        config: Its shape. With `num_classes` the model is conditional.
        dtype: Keras dtype policy of all layers but the logit, which is
            float32.
        seed: Of the initial weights, drawn from N(0, 0.02).

    Returns:
        A `keras.Sequential` from float32 images `(batch, height, width,
        channels)` in `[-1, 1]` to float32 logits `(batch, 1)`; a functional
        model from `[images, labels]` where conditional, labels int32
        `(batch,)`.
        It raises a ValueError for integer images or an empty batch.
    """
    # Another stream than the generator's, whose seed is the same.
    initializers = blocks.NormalInitializers(seed, stream=1)
    norm = blocks.make_norm_factory(config, dtype, initializers)
    has_norm = config.discriminator_batch_norm
    make_convolution, make_dense = blocks.layers.Conv2D, keras.layers.Dense
    if config.spectral_norm:
        make_convolution, make_dense = SpectralConv2D, SpectralDense
    stages = []
    for index, (filters, stride) in enumerate(config.convolutions, start=1):
        stage = [
            make_convolution(
                filters,
                config.kernel_size,
                stride,
                padding="same",
                use_bias=not has_norm,
                kernel_initializer=initializers.make_kernel(),
                dtype=dtype,
                name=f"conv_{index}",
            )
        ]
        if index > 1 and has_norm:
            stage.append(norm(f"conv_{index}_norm"))
        stage.append(
            keras.layers.LeakyReLU(
                LEAKY_RELU_SLOPE, dtype=dtype, name=f"conv_{index}_lrelu"
            )
        )
        stages.append(stage)
    stages[-1].append(keras.layers.Flatten(dtype=dtype, name="flatten"))
    stages.append(
        [
            make_dense(
                1,
                use_bias=False,
                kernel_initializer=initializers.make_kernel(),
                dtype="float32",
                name="logit",
            )
        ]
    )
    images = keras.Input((*config.image_size, config.channels), name="images")
    return blocks.join_stages(
        images,
        stages,
        config,
        name="discriminator",
        sequential=_SequentialDiscriminator,
        functional=FunctionalDiscriminator,
    )


@keras.saving.register_keras_serializable("dcgan_tf")
class _SequentialDiscriminator(keras.Sequential):
    """Refuses pixels that aren't scaled, which Keras would cast to floats."""

    def __call__(self, images, *args, **kwargs):
        _check(images)
        return super().__call__(images, *args, **kwargs)


@keras.saving.register_keras_serializable("dcgan_tf")
class FunctionalDiscriminator(keras.Model):
    """The same of several inputs, or of another family's layers."""

    def __call__(self, inputs, *args, **kwargs):
        is_several = isinstance(inputs, list | tuple)
        _check(inputs[0] if is_several else inputs)
        return super().__call__(inputs, *args, **kwargs)


def _check(images) -> None:
    if hasattr(images, "dtype"):
        check_float_images(images, "the discriminator")
