"""What each network's update minimises: its loss, and D's penalties."""

import functools

import tensorflow as tf

from dcgan_tf import losses
from dcgan_tf.config import RunConfig
from dcgan_tf.training.families import TRAINING, Batch, Seen
from dcgan_tf.training.state import TrainingState


class Objectives:
    """Both networks' losses on a replica's batch, by a run's settings.

    Call its methods in a replica context, under gradients' tapes.

    Args:
        state: The networks and their optimizers, which scale losses.
        config: The run's settings.
        num_shares: Keras sums gradients over replicas, and a replica over
            its parts, so that each computes its share of a loss.
    """

    def __init__(
        self, state: TrainingState, config: RunConfig, num_shares: int
    ):
        self._state = state
        self._training = config.training
        self._family = TRAINING[config.model.family]
        self._num_shares = num_shares

    def judge(self, batch: Batch, seen: Seen, seed: tf.Tensor) -> tf.Tensor:
        """Computes D's logits, float32 `(batch, pairs)`."""
        return self._family.judge(self._state.networks, batch, seen, seed)

    def judge_both(
        self, batch: Batch, fake: Seen, seeds, is_penalised: bool
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor | float]:
        """Computes D's logits on real and on generated images.

        Args:
            batch: With the real images.
            fake: What D sees of generated ones.
            seeds: Integers `(2,)` for each, for augmentation and dropout.
            is_penalised: Whether gradients are.

        Returns:
            Both logits, and the weighted penalty of D's gradients (see
            `losses.judge_with_penalty`), which stands for those of the steps
            without one too; 0.0 if there is none.
        """
        real = self._family.take_real(self._state.networks, batch)
        weights = (self._training.r1_weight, self._training.r2_weight)
        logits, penalty = [], 0.0
        for seen, seed, weight in zip(
            (real, fake), seeds, weights, strict=True
        ):
            judge = functools.partial(self.judge, batch, seed=seed)
            if weight and is_penalised:
                judged, squares = losses.judge_with_penalty(judge, seen)
                weight *= self._training.penalty_every
                penalty += weight / 2.0 * squares
            else:
                judged = judge(seen)
            logits.append(judged)
        return *logits, penalty

    def for_discriminator(
        self,
        real_logits: tf.Tensor,
        fake_logits: tf.Tensor,
        penalty: tf.Tensor | float,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Computes D's loss, without the penalty, and what is minimised."""
        loss = (
            losses.compute_discriminator_loss(
                self._training.loss,
                real_logits,
                fake_logits,
                self._training.label_smoothing,
            )
            / self._num_shares
        )
        # Pairs of networks learn each from its own logits: the mean's
        # gradient would be shared among them.
        num_pairs = real_logits.shape[-1]
        minimised = loss * (num_pairs * self._family.discriminator_weight)
        if isinstance(penalty, tf.Tensor):
            minimised += penalty / self._num_shares
        return loss, self._state.discriminator_optimizer.scale_loss(minimised)

    def for_generator(
        self, real_logits: tf.Tensor | None, fake_logits: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Computes G's loss, and what is minimised."""
        loss = (
            losses.compute_generator_loss(
                self._training.loss, real_logits, fake_logits
            )
            / self._num_shares
        )
        return loss, self._state.generator_optimizer.scale_loss(
            loss * fake_logits.shape[-1]
        )
