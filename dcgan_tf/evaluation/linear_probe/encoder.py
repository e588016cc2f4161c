"""Latent recovery: a network that guesses the latent behind an image.

G draws any number of images whose latents are known. An encoder that learns
to name these gives real images latents too, and G's activations at them.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from dcgan_tf.config import ModelConfig
from dcgan_tf.kernels.keras_settings import own_keras_settings
from dcgan_tf.latents import sample_latents
from dcgan_tf.models.discriminator import build_discriminator

_BATCH_SIZE = 64
_LEARNING_RATE = 1e-3
# A stream of latents that no training step or sample has.
_STREAM = -77


@own_keras_settings()
def train_latent_encoder(
    generator: keras.Model,
    config: ModelConfig,
    num_steps: int = 400,
    seed: int = 0,
    log: Callable[[str], None] = lambda message: None,
) -> keras.Model:
    """Trains an encoder on a generator's own images.

    D's convolutions from scratch, and a dense layer with tanh in place of
    the logit; the loss is the mean squared error of the latents.

    Args:
        generator: Unconditional, in float32.
        config: Its shape.
        num_steps: Batches of 64 fresh images.
        seed: Of weights and latents.
        log: Takes a line on the result.

    Returns:
        From float32 images `(batch, height, width, channels)` in `[-1, 1]`
        to float32 latents `(batch, latent_dim)` in `[-1, 1]`.

    Raises:
        ValueError: If the generator is conditional.
    """
    if config.num_classes:
        raise ValueError(
            "a conditional generator's images don't have one latent each: "
            "features of G are for runs without labels"
        )
    convolutions = build_discriminator(config.papers, seed=seed)
    outputs = keras.layers.Dense(
        config.latent_dim,
        activation="tanh",
        kernel_initializer=keras.initializers.GlorotUniform(seed=seed),
        name="latents",
    )(convolutions.get_layer("flatten").output)
    encoder = keras.Model(convolutions.inputs[0], outputs, name="encoder")
    rate = keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, num_steps)
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(encoder.trainable_variables)

    @tf.function(autograph=False)
    def train_step(step):
        # A seed may have 63 bits; small ones give the same latents as ever.
        key = tf.stack([tf.constant(seed, tf.int64), _STREAM - step])
        latents = sample_latents(_BATCH_SIZE, config.latent_dim, key)
        images = generator(latents, training=False)
        with tf.GradientTape() as tape:
            error = encoder(images, training=True) - latents
            loss = tf.reduce_mean(tf.square(error))
        weights = encoder.trainable_variables
        gradients = tape.gradient(loss, [w.value for w in weights])
        optimizer.apply(gradients, weights)
        return loss

    for step in range(num_steps):
        loss = train_step(tf.constant(step, tf.int64))
    # Guessing 0 each time has the variance of a uniform latent, 1/3.
    log(f"encoder: mean squared error {float(loss):.3f} (knowing none: 0.333)")
    return encoder
