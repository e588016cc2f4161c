"""The project's networks out of plain Keras layers."""

import keras

from dcgan_tf.config import ModelConfig


def build_networks(
    config: ModelConfig, dtype: str
) -> tuple[keras.Model, keras.Model]:
    """Returns an unconditional generator and discriminator.

    The shapes, weights and ends are those of `dcgan_tf.models`: no biases,
    float32 images and logits.
    """
    filters = [filters for filters, _ in config.convolutions]
    strides = [stride for _, stride in config.convolutions]
    options = dict(
        kernel_size=config.kernel_size,
        padding="same",
        use_bias=False,
        dtype=dtype,
    )

    def normalize():
        return keras.layers.BatchNormalization(
            momentum=0.9, epsilon=1e-5, dtype=dtype
        )

    height, width = config.start_size
    generator = [
        keras.Input((config.latent_dim,)),
        keras.layers.Dense(
            height * width * filters[-1], use_bias=False, dtype=dtype
        ),
        keras.layers.Reshape((height, width, filters[-1]), dtype=dtype),
        normalize(),
        keras.layers.ReLU(dtype=dtype),
    ]
    for count, stride in zip(filters[-2::-1], strides[:0:-1], strict=True):
        generator += [
            keras.layers.Conv2DTranspose(count, strides=stride, **options),
            normalize(),
            keras.layers.ReLU(dtype=dtype),
        ]
    generator += [
        keras.layers.Conv2DTranspose(
            config.channels, strides=strides[0], **options
        ),
        keras.layers.Activation("tanh", dtype="float32"),
    ]
    discriminator = [keras.Input((*config.image_size, config.channels))]
    for index, (count, stride) in enumerate(config.convolutions):
        discriminator.append(
            keras.layers.Conv2D(count, strides=stride, **options)
        )
        if index:
            discriminator.append(normalize())
        discriminator.append(keras.layers.LeakyReLU(0.2, dtype=dtype))
    discriminator += [
        keras.layers.Flatten(dtype=dtype),
        keras.layers.Dense(1, use_bias=False, dtype="float32"),
    ]
    return keras.Sequential(generator), keras.Sequential(discriminator)
