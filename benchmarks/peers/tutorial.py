"""The step as TensorFlow's DCGAN tutorial writes it: two tapes, one pass."""

import keras
import tensorflow as tf

from peers import batches
from peers.keras_networks import build_networks


def build(model: dict, batch_size: int, precision: str):
    """Returns a function that trains a number of steps."""
    config = batches.make_config(model)
    generator, discriminator = build_networks(config, precision)
    g_optimizer, d_optimizer = (
        keras.optimizers.Adam(batches.LEARNING_RATE, batches.BETA_1)
        for _ in range(2)
    )
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    images = tf.constant(batches.draw_images(config, batch_size))

    @tf.function
    def train_step(images):
        noise = tf.random.normal([batch_size, config.latent_dim])
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fakes = generator(noise, training=True)
            real_logits = discriminator(images, training=True)
            fake_logits = discriminator(fakes, training=True)
            g_loss = cross_entropy(tf.ones_like(fake_logits), fake_logits)
            d_loss = cross_entropy(
                tf.ones_like(real_logits), real_logits
            ) + cross_entropy(tf.zeros_like(fake_logits), fake_logits)
        for network, tape, loss, optimizer in (
            (generator, g_tape, g_loss, g_optimizer),
            (discriminator, d_tape, d_loss, d_optimizer),
        ):
            weights = network.trainable_variables
            optimizer.apply_gradients(
                zip(tape.gradient(loss, weights), weights, strict=True)
            )
        return g_loss

    def run(num_steps: int) -> None:
        for _ in range(num_steps):
            g_loss = train_step(images)
        float(g_loss)

    return run
