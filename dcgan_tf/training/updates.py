"""Updates of both networks from given images and latents.

Their order is the run's `updates`; what is minimised is in `objectives`.
"""

import tensorflow as tf

from dcgan_tf.config import RELATIVISTIC, SYNCHRONISED, RunConfig
from dcgan_tf.latents import GENERATOR
from dcgan_tf.training.accumulation import Computed, compute_in_parts
from dcgan_tf.training.families import TRAINING, Batch, Seen
from dcgan_tf.training.image_statistics import compute_sample_statistics
from dcgan_tf.training.objectives import Objectives
from dcgan_tf.training.state import TrainingState


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
                fake = self._family.draw_fake(self._state, part)
                *logits, penalty = self._objectives.judge_both(
                    part, fake, seeds, is_penalised
                )
                d_loss, d_scaled = self._objectives.for_discriminator(
                    *logits, penalty
                )
                g_loss, g_scaled = self._objectives.for_generator(*logits)
            sums = {
                "discriminator": self._differentiate(
                    "discriminator", d_tape, d_scaled
                ),
                "generator": self._differentiate("generator", g_tape, g_scaled),
                "losses": (d_loss, g_loss),
            }
            return Computed(sums, (_take_samples(fake), *logits))

        sums, (samples, *logits) = self._compute(compute, batch)
        for name in ("discriminator", "generator"):
            self._apply(name, sums[name])
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
            fake = self._family.draw_fake(self._state, part)
            with tf.GradientTape() as tape:
                *logits, penalty = self._objectives.judge_both(
                    part, fake, d_seeds, is_penalised
                )
                loss, scaled = self._objectives.for_discriminator(
                    *logits, penalty
                )
            gradients = self._differentiate("discriminator", tape, scaled)
            return Computed((gradients, loss), logits)

        def compute_for_generator(part: Batch) -> Computed:
            with tf.GradientTape() as tape:
                fake = self._family.draw_fake(self._state, part)
                fake_logits = self._objectives.judge(part, fake, g_seed)
                real_logits = None
                if self._training.loss == RELATIVISTIC:
                    real = self._family.take_real(self._state, part)
                    real_logits = self._objectives.judge(part, real, d_seeds[0])
                loss, scaled = self._objectives.for_generator(
                    real_logits, fake_logits
                )
            gradients = self._differentiate("generator", tape, scaled)
            return Computed((gradients, loss), _take_samples(fake))

        d_sums, logits = self._compute(compute_for_discriminator, d_batch)
        gradients, d_loss = d_sums
        self._apply("discriminator", gradients)
        g_sums, samples = self._compute(compute_for_generator, g_batch, d_sums)
        gradients, g_loss = g_sums
        self._apply("generator", gradients)
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

    def _differentiate(self, name: str, tape, loss) -> list[tf.Tensor]:
        weights = getattr(self._state, name).trainable_variables
        return tape.gradient(loss, [w.value for w in weights])

    def _apply(self, name: str, gradients) -> None:
        """Updates one network by its optimizer."""
        weights = getattr(self._state, name).trainable_variables
        optimizer = getattr(self._state, f"{name}_optimizer")
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


def _take_samples(fake: Seen) -> tf.Tensor:
    """Returns the images among what D sees: of a pyramid, the finest."""
    return fake[-1] if isinstance(fake, list) else fake
