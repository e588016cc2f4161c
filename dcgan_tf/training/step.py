"""One update of both networks."""

from collections.abc import Callable

import tensorflow as tf

from dcgan_tf import losses
from dcgan_tf.config import RunConfig
from dcgan_tf.latents import sample_latents
from dcgan_tf.training.state import TrainingState

Augmentation = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class GradientTapeStep:
    """Trains G and D on one batch, as a `tf.function` under a strategy.

    Both networks' gradients come from the same fakes and the same D, before
    either is updated. The authors' code alternates instead, a mini-batch
    for G and the next one for D: here each step does the work of two of
    theirs with one generator pass fewer.

    Args:
        state: Networks and optimizers, built in the strategy's scope.
        config: The run's settings.
        strategy: The strategy; None for the one in whose scope this is.
        augment: Applied to real and generated images before D, from images
            and an int32 seed `(2,)` to images.
    """

    def __init__(
        self,
        state: TrainingState,
        config: RunConfig,
        strategy: tf.distribute.Strategy | None = None,
        augment: Augmentation | None = None,
    ):
        self._state = state
        self._training = config.training
        self._latent_dim = config.model.latent_dim
        self._strategy = strategy or tf.distribute.get_strategy()
        self._augment = augment or (lambda images, seed: images)

    @tf.function
    def train_step(self, images, labels=None) -> dict[str, tf.Tensor]:
        """Runs one update on every replica and counts it.

        Args:
            images: Per replica, float32 `(batch, height, width, channels)`
                in `[-1, 1]`, equally many on each.
            labels: Per replica, integers `(batch,)`, for conditional
                networks.

        Returns:
            float32 scalars, means over the global batch: `d_loss`,
            `g_loss`, and D's mean output `d_real` and `d_fake` in `[0, 1]`.
        """
        measures = self._strategy.run(self._replica_step, (images, labels))
        self._state.step.assign_add(1)
        self._update_averages()
        return {
            name: self._strategy.reduce("SUM", value, axis=None)
            for name, value in measures.items()
        }

    def _replica_step(self, images, labels):
        replica = tf.distribute.get_replica_context()
        num_replicas = replica.num_replicas_in_sync
        batch_size = tf.shape(images)[0]
        seed = tf.stack(
            [tf.cast(self._training.seed, tf.int64), self._state.step]
        )
        # Every replica draws the global batch and takes its share, so that
        # the same run on more replicas sees the same latents.
        latents = sample_latents(
            batch_size * num_replicas, self._latent_dim, seed
        )
        first = batch_size * tf.cast(replica.replica_id_in_sync_group, tf.int32)
        return self.update(
            images, latents[first : first + batch_size], labels, seed
        )

    def update(self, images, latents, labels=None, seed=(0, 0)):
        """One update from explicit latents, in a replica context.

        Args:
            images: float32 `(batch, height, width, channels)` in `[-1, 1]`.
            latents: float32 `(batch, latent_dim)`.
            labels: Integers `(batch,)` for conditional networks.
            seed: Integers `(2,)`, for the augmentation alone.

        Returns:
            As `train_step`, but divided by the number of replicas: the sum
            over replicas is the mean over the global batch.
        """
        state = self._state
        condition = (lambda x: x) if labels is None else (lambda x: [x, labels])
        num_replicas = self._strategy.num_replicas_in_sync
        real_seed, fake_seed = tf.unstack(tf.random.split(seed, 2))
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fakes = state.generator(condition(latents), training=True)
            # Separate passes: real and generated images keep their own
            # batch statistics, as in the authors' code.
            real_logits = state.discriminator(
                condition(self._augment(images, real_seed)), training=True
            )
            fake_logits = state.discriminator(
                condition(self._augment(fakes, fake_seed)), training=True
            )
            # Keras sums gradients over replicas, so each takes its share.
            d_loss = (
                losses.discriminator_loss(
                    real_logits, fake_logits, self._training.label_smoothing
                )
                / num_replicas
            )
            g_loss = losses.generator_loss(fake_logits) / num_replicas
            d_scaled = state.discriminator_optimizer.scale_loss(d_loss)
            g_scaled = state.generator_optimizer.scale_loss(g_loss)
        for model, tape, loss, optimizer in (
            (
                state.discriminator,
                d_tape,
                d_scaled,
                state.discriminator_optimizer,
            ),
            (state.generator, g_tape, g_scaled, state.generator_optimizer),
        ):
            weights = model.trainable_variables
            gradients = tape.gradient(loss, [w.value for w in weights])
            optimizer.apply(self._add_decay(gradients, weights), weights)
        return {
            "d_loss": d_loss,
            "g_loss": g_loss,
            "d_real": tf.reduce_mean(tf.sigmoid(real_logits)) / num_replicas,
            "d_fake": tf.reduce_mean(tf.sigmoid(fake_logits)) / num_replicas,
        }

    def _add_decay(self, gradients, weights):
        """L2 through the gradient, on every parameter: the authors' code."""
        decay = (
            self._training.weight_decay / self._strategy.num_replicas_in_sync
        )
        if not decay:
            return gradients
        return [
            gradient + decay * weight
            for gradient, weight in zip(gradients, weights, strict=True)
        ]

    def _update_averages(self) -> None:
        """Moves the averaged weights towards the networks'.

        The first steps average over less: the initial weights would
        otherwise stay visible for 1 / (1 - decay) steps.
        """
        step = tf.cast(self._state.step, tf.float32)
        decay = tf.minimum(
            self._training.ema_decay, (1.0 + step) / (10.0 + step)
        )

        def move(average, weight, decay):
            average.assign_sub((1.0 - decay) * (average - weight))

        for averaged, model in self._state.averages():
            for average, weight in zip(
                averaged.trainable_variables,
                model.trainable_variables,
                strict=True,
            ):
                self._strategy.extended.update(
                    average.value, move, args=(weight.value, decay)
                )
