"""The generator: maps latents to images."""

import keras

from dcgan_tf.config import ModelConfig
from dcgan_tf.kernels.keras_settings import own_keras_settings
from dcgan_tf.models import blocks


@own_keras_settings()
def build_generator(
    config: ModelConfig, dtype: str = "float32", seed: int = 0
) -> keras.Model:
    """Builds the generator of Radford et al. (2016), Section 3, Figure 1.

    Latents are projected and reshaped to the smallest map, which
    fractionally-strided convolutions double until it is an image. Batch
    norm and ReLU follow every layer but the last, which ends in tanh. No
    layer has a bias, as in the authors' code.

    A departure from that code: the projection is normalised map by map, as
    the maps after it are, where theirs has statistics, a gain and a bias of
    its own for each of its units.

    Args:
        config: Its shape. With `num_classes` the model is conditional.
        dtype: Keras dtype policy of all layers but the output, which is
            float32.
        seed: Of the initial weights, drawn from N(0, 0.02).

    Returns:
        A `keras.Sequential` from float32 latents `(batch, latent_dim)` to
        float32 images `(batch, height, width, channels)` in `[-1, 1]`; a
        functional model from `[latents, labels]` where conditional, labels
        int32 `(batch,)`.
    """
    initializers = blocks.NormalInitializers(seed)
    height, width = config.start_size
    filters = [filters for filters, _ in config.convolutions]
    options = dict(dtype=dtype, use_bias=False)
    norm = blocks.make_norm_factory(config, dtype, initializers)

    stages = [
        [
            keras.layers.Dense(
                height * width * filters[-1],
                kernel_initializer=initializers.make_kernel(),
                name="project",
                **options,
            ),
            keras.layers.Reshape(
                (height, width, filters[-1]), dtype=dtype, name="reshape"
            ),
            norm("project_norm"),
            keras.layers.ReLU(dtype=dtype, name="project_relu"),
        ]
    ]
    # D's convolutions in reverse order: each is transposed, with the same
    # stride, into as many maps as it takes.
    outputs = [*filters[:-1][::-1], config.channels]
    strides = [stride for _, stride in config.convolutions][::-1]
    for index, (num_outputs, stride) in enumerate(
        zip(outputs, strides, strict=True), start=1
    ):
        stage = [
            blocks.layers.Conv2DTranspose(
                num_outputs,
                config.kernel_size,
                stride,
                padding="same",
                kernel_initializer=initializers.make_kernel(),
                name=f"deconv_{index}",
                **options,
            )
        ]
        if index < len(outputs):
            stage += [
                norm(f"deconv_{index}_norm"),
                keras.layers.ReLU(dtype=dtype, name=f"deconv_{index}_relu"),
            ]
        else:
            stage.append(
                keras.layers.Activation("tanh", dtype="float32", name="image")
            )
        stages.append(stage)
    latents = keras.Input((config.latent_dim,), name="latents")
    return blocks.join_stages(latents, stages, config, name="generator")
