"""The step as Keras's DCGAN example writes it: `fit` with a `train_step`.

D sees one batch of generated and real images together and is updated first;
then G is run again from new latents and updated through the new D.
"""

import keras
import tensorflow as tf

from peers import batches
from peers.keras_networks import build_networks


class GAN(keras.Model):
    """Both networks under Keras's own training loop."""

    def __init__(self, generator, discriminator, latent_dim):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.latent_dim = latent_dim
        self.seeds = keras.random.SeedGenerator(0)
        self.d_mean = keras.metrics.Mean(name="d_loss")
        self.g_mean = keras.metrics.Mean(name="g_loss")

    def compile(self, d_optimizer, g_optimizer, loss):
        super().compile()
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        self.loss_fn = loss

    @property
    def metrics(self):
        return [self.d_mean, self.g_mean]

    def draw_latents(self, batch_size):
        return keras.random.normal(
            (batch_size, self.latent_dim), seed=self.seeds
        )

    def train_step(self, real_images):
        batch_size = tf.shape(real_images)[0]
        fakes = self.generator(self.draw_latents(batch_size), training=True)
        both = tf.concat([fakes, real_images], axis=0)
        is_fake = tf.concat(
            [tf.ones((batch_size, 1)), tf.zeros((batch_size, 1))], axis=0
        )
        with tf.GradientTape() as tape:
            logits = self.discriminator(both, training=True)
            d_loss = self.loss_fn(is_fake, logits)
        self.update(self.discriminator, self.d_optimizer, tape, d_loss)

        latents = self.draw_latents(batch_size)
        with tf.GradientTape() as tape:
            fakes = self.generator(latents, training=True)
            logits = self.discriminator(fakes, training=True)
            g_loss = self.loss_fn(tf.zeros((batch_size, 1)), logits)
        self.update(self.generator, self.g_optimizer, tape, g_loss)

        self.d_mean.update_state(d_loss)
        self.g_mean.update_state(g_loss)
        return {"d_loss": self.d_mean.result(), "g_loss": self.g_mean.result()}

    def update(self, network, optimizer, tape, loss):
        weights = network.trainable_weights
        optimizer.apply_gradients(
            zip(tape.gradient(loss, weights), weights, strict=True)
        )


def build(model: dict, batch_size: int, precision: str):
    """Returns a function that trains a number of steps."""
    config = batches.make_config(model)
    gan = GAN(*build_networks(config, precision), config.latent_dim)
    gan.compile(
        d_optimizer=keras.optimizers.Adam(
            batches.LEARNING_RATE, batches.BETA_1
        ),
        g_optimizer=keras.optimizers.Adam(
            batches.LEARNING_RATE, batches.BETA_1
        ),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    images = tf.data.Dataset.from_tensors(
        batches.draw_images(config, batch_size)
    ).repeat()

    def run(num_steps: int) -> None:
        gan.fit(images, steps_per_epoch=num_steps, verbose=0)

    return run
