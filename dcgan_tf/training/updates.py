"""Updates of both networks from given images and latents.

Their order is the run's `updates`; what is minimised is in `objectives`.
"""

import keras
import tensorflow as tf

from dcgan_tf.config import RELATIVISTIC, SYNCHRONISED, RunConfig
from dcgan_tf.latents import GENERATOR
from dcgan_tf.training.accumulation import Computed, compute_in_parts
from dcgan_tf.training.families import TRAINING, Batch, Seen
from dcgan_tf.training.image_statistics import compute_sample_statistics
from dcgan_tf.training.objectives import Objectives
from dcgan_tf.training.state import OptimizedNetwork, TrainingState


class Updates:
    """Updates of G and D on one replica, in whose context they are called.

    Args:
        state: Networks and optimizers, built in the strategy's scope.
        config: The run's settings.
        num_replicas: That share the batch. What is returned is this
            replica's share: the sum over replicas is the mean over the
            global batch.
    """

    def __init__(
        self, state: TrainingState, config: RunConfig, num_replicas: int
    ):
        self._state = state
        self._training = config.training
        self._num_replicas = num_replicas
        self._family = TRAINING[config.model.family]
        self._objectives = Objectives(
            state, config, num_replicas * config.training.accumulate
        )

    def jointly(
        self, batch: Batch, seed: tf.Tensor, is_penalised: bool
    ) -> dict[str, tf.Tensor]:
        """Updates both networks by gradients from before either update."""
        seeds = tf.unstack(tf.random.split(seed, 2, alg=GENERATOR))

        def compute(part: Batch) -> Computed:
            with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
                fake = self._family.draw_fake(self._state.networks, part)
                *logits, penalty = self._objectives.judge_both(
                    part, fake, seeds, is_penalised
                )
                d_loss, d_scaled = self._objectives.for_discriminator(
                    *logits, penalty
                )
                g_loss, g_scaled = self._objectives.for_generator(*logits)
            sums = {
                "discriminator": _differentiate(
                    d_tape, d_scaled, self._state.discriminator
                ),
                "generator": _differentiate(
                    g_tape, g_scaled, self._state.generator
                ),
                "losses": (d_loss, g_loss),
            }
            return Computed(sums, (_take_samples(fake), *logits))

        sums, (samples, *logits) = self._compute(compute, batch)
        self._apply(self._state.optimized_discriminator, sums["discriminator"])
        self._apply(self._state.optimized_generator, sums["generator"])
        return self._measure(batch, samples, sums["losses"], *logits)

    def in_turn(
        self,
        d_batch: Batch,
        g_batch: Batch,
        seed: tf.Tensor,
        is_penalised: bool,
    ) -> dict[str, tf.Tensor]:
        """Updates D, and then G on other latents through the new D."""
        *d_seeds, g_seed = tf.unstack(tf.random.split(seed, 3, alg=GENERATOR))

        def compute_for_discriminator(part: Batch) -> Computed:
            fake = self._family.draw_fake(self._state.networks, part)
            with tf.GradientTape() as tape:
                *logits, penalty = self._objectives.judge_both(
                    part, fake, d_seeds, is_penalised
                )
                loss, scaled = self._objectives.for_discriminator(
                    *logits, penalty
                )
            gradients = _differentiate(tape, scaled, self._state.discriminator)
            return Computed((gradients, loss), logits)

        def compute_for_generator(part: Batch) -> Computed:
            with tf.GradientTape() as tape:
                fake = self._family.draw_fake(self._state.networks, part)
                fake_logits = self._objectives.judge(part, fake, g_seed)
                real_logits = None
                if self._training.loss == RELATIVISTIC:
                    real = self._family.take_real(self._state.networks, part)
                    real_logits = self._objectives.judge(part, real, d_seeds[0])
                loss, scaled = self._objectives.for_generator(
                    real_logits, fake_logits
                )
            gradients = _differentiate(tape, scaled, self._state.generator)
            return Computed((gradients, loss), _take_samples(fake))

        d_sums, logits = self._compute(compute_for_discriminator, d_batch)
        gradients, d_loss = d_sums
        self._apply(self._state.optimized_discriminator, gradients)
        g_sums, samples = self._compute(compute_for_generator, g_batch, d_sums)
        gradients, g_loss = g_sums
        self._apply(self._state.optimized_generator, gradients)
        return self._measure(g_batch, samples, (d_loss, g_loss), *logits)

    def _compute(self, compute, batch: Batch, after=()) -> Computed:
        is_synchronised = self._training.batch_norm == SYNCHRONISED
        return compute_in_parts(
            compute,
            batch,
            self._training.accumulate,
            after,
            replicas_meet=is_synchronised and self._num_replicas > 1,
        )

    def _apply(self, optimized: OptimizedNetwork, gradients) -> None:
        """Updates one network by its optimizer."""
        network, optimizer = optimized
        weights = network.trainable_variables
        optimizer.apply(self._add_decay(gradients, weights, optimizer), weights)

    def _measure(
        self, batch: Batch, samples, both_losses, real_logits, fake_logits
    ):
        d_loss, g_loss = both_losses
        means = {
            "d_real": tf.reduce_mean(tf.sigmoid(real_logits)),
            "d_fake": tf.reduce_mean(tf.sigmoid(fake_logits)),
            **compute_sample_statistics(batch.images, samples),
        }
        if self._state.augment_probability is not None:
            means["real_sign"] = tf.reduce_mean(tf.sign(real_logits))
        return {
            "d_loss": d_loss,
            "g_loss": g_loss,
            **{
                name: value / self._num_replicas
                for name, value in means.items()
            },
        }

    def _add_decay(self, gradients, weights, optimizer):
        """Adds L2 regularization to gradients, as the authors' code does.

        It is on every parameter. Gradients under `mixed_float16` are those
        of the scaled loss, so what is added is scaled as the loss was.
        """
        decay = self._training.weight_decay / self._num_replicas
        if not decay:
            return gradients
        return [
            gradient + optimizer.scale_loss(decay * weight)
            for gradient, weight in zip(gradients, weights, strict=True)
        ]


def _differentiate(
    tape: tf.GradientTape, loss: tf.Tensor, network: keras.Model
) -> list[tf.Tensor]:
    weights = network.trainable_variables
    return tape.gradient(loss, [weight.value for weight in weights])


def _take_samples(fake: Seen) -> tf.Tensor:
    """Returns the images among what D sees: of a pyramid, the finest."""
    return fake[-1] if isinstance(fake, list) else fake
