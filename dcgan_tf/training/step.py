"""The training step: one update of both networks."""

import functools
import math

import tensorflow as tf

from dcgan_tf.config import (
    ALTERNATING,
    JOINT,
    RELATIVISTIC,
    RunConfig,
)
from dcgan_tf.images import check_float_images
from dcgan_tf.latents import sample_latents
from dcgan_tf.models.spectral_norm import iterate_power
from dcgan_tf.training.averages import update_averages
from dcgan_tf.training.diff_augment import augment
from dcgan_tf.training.distribution.replica_share import draw_share
from dcgan_tf.training.families import TRAINING, Augmentation, Batch
from dcgan_tf.training.image_statistics import compare_images
from dcgan_tf.training.objectives import Objectives
from dcgan_tf.training.state import TrainingState

# Named, since TensorFlow's default depends on the device.
_GENERATOR = "philox"


class GradientTapeStep:
    """A training step of G and D under a distribution strategy.

    `joint` updates compute both networks' gradients on the same generated
    images and with the same D, before either network is updated. The authors'
    code alternates instead, updating G on one mini-batch and D on the next: a
    step here does the work of two of theirs with one generator pass fewer.

    `alternating` updates follow it: D is updated on real and generated
    images, then G, whose images are drawn anew from other latents and judged
    by the updated D. The authors start with G and read another mini-batch of
    real images for D, which G's update doesn't look at.

    Args:
        state: Networks and optimizers, built in the strategy's scope.
        config: The run's settings.
        strategy: The strategy; None for the one in whose scope this is.
        augment: Applied to real and generated images before D, from images
            and an integer seed `(2,)` to images; None for what the settings
            say. It is called in a replica context, with the same seed on
            every replica: draw random numbers by `draw_share`, so that each
            image gets its own.
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
        self._is_conditional = config.model.num_classes > 0
        self._strategy = strategy or tf.distribute.get_strategy()
        self._augment = augment or _choose_augmentation(config, state)
        self._family = TRAINING[config.model.family]
        self._objectives = Objectives(
            state, config, self._strategy.num_replicas_in_sync
        )

    def train_step(self, images, labels=None) -> dict[str, tf.Tensor]:
        """Runs one update on every replica and counts it.

        Args:
            images: Per replica, float32 `(batch, height, width, channels)`
                in `[-1, 1]`, equally many on each.
            labels: Per replica, integers `(batch,)`, for conditional
                networks.

        Returns:
            float32 scalars, means over the global batch: `d_loss`,
            `g_loss`, D's mean output `d_real` and `d_fake` in `[0, 1]`, and
            what `compare_images` says of the samples that G was updated on,
            the mean over replicas; where augmentation is adapted, its
            `augment_probability` and the `real_sign` that it goes by.

        Raises:
            ValueError: As `update`.
        """
        return self._train_step(images, labels, not self._until_penalty())

    def train_steps(
        self, images, labels=None, first: int = 0, count: int | None = None
    ) -> dict[str, tf.Tensor]:
        """Runs several updates, each as `train_step`, in one call.

        Where D's gradients are penalised in some of them, in one call for
        each such step and one for those between: replicas can't meet inside
        a branch of a graph.

        Args:
            images: Per replica, float32 `(steps, batch, height, width,
                channels)` in `[-1, 1]`.
            labels: Per replica, integers `(steps, batch)`, for conditional
                networks.
            first: The first step's place in them.
            count: How many steps; None for all from the first on.

        Returns:
            As `train_step`, but float32 `(count,)` each.

        Raises:
            ValueError: As `update`.
        """
        if count is None:
            (local, *_) = self._strategy.experimental_local_results(images)
            count = len(local) - first
        calls = []
        while count:
            until_penalty = self._until_penalty()
            length = min(count, 1 if until_penalty == 0 else until_penalty)
            calls.append(
                self._train_steps(
                    images,
                    labels,
                    tf.constant(first),
                    tf.constant(length),
                    until_penalty == 0,
                )
            )
            first, count = first + length, count - length
        if len(calls) == 1:
            return calls[0]
        return {
            name: tf.concat([call[name] for call in calls], 0)
            for name in calls[0]
        }

    def _until_penalty(self) -> float:
        """Returns the steps before the next one with a gradient penalty."""
        training = self._training
        if not training.has_penalty:
            return math.inf
        return -int(self._state.step.numpy()) % training.penalty_every

    # Without AutoGraph, which it doesn't need and which would bury what
    # `_check_batch` says in a traceback of its own.
    @tf.function(autograph=False)
    def _train_step(self, images, labels, is_penalised):
        return self._step_on_replicas(
            functools.partial(self._replica_step, is_penalised=is_penalised),
            images,
            labels,
        )

    @tf.function(autograph=False)
    def _train_steps(self, images, labels, first, count, is_penalised):
        names = []

        def train_one(place, rows):
            def step_on_own(images, labels):
                if labels is not None:
                    labels = labels[place]
                return self._replica_step(images[place], labels, is_penalised)

            measures = self._step_on_replicas(step_on_own, images, labels)
            names[:] = measures
            row = tf.stack([*measures.values()])
            return place + 1, rows.write(place - first, row)

        _, rows = tf.while_loop(
            lambda place, rows: place < first + count,
            train_one,
            (first, tf.TensorArray(tf.float32, count, infer_shape=False)),
            # An update starts once the one before it is done.
            parallel_iterations=1,
        )
        columns = tf.transpose(rows.stack())
        columns.set_shape((len(names), None))
        return dict(zip(names, tf.unstack(columns), strict=True))

    def _step_on_replicas(self, replica_step, images, labels):
        """Updates on every replica, and what follows from it once."""
        measures = self._strategy.run(replica_step, (images, labels))
        self._state.step.assign_add(1)
        update_averages(self._state, self._training, self._strategy)
        measures = {
            name: self._strategy.reduce("SUM", value, axis=None)
            for name, value in measures.items()
        }
        if (adaptive := self._state.augment_probability) is not None:
            measures["augment_probability"] = tf.identity(adaptive.probability)
            adaptive.adapt(
                measures["real_sign"],
                self._state.step,
                self._training.batch_size,
                self._training.diff_augment_target,
            )
        return measures

    def _replica_step(self, images, labels, is_penalised=False):
        seed = tf.stack(
            [tf.cast(self._training.seed, tf.int64), self._state.step]
        )

        def draw_latents(seed):
            return draw_share(
                lambda count: sample_latents(count, self._latent_dim, seed),
                tf.shape(images)[0],
            )

        latents, generator_latents = draw_latents(seed), None
        if self._training.updates == ALTERNATING:
            generator_latents = draw_latents(
                tf.random.fold_in(seed, 1, alg=_GENERATOR)
            )
        return self.update(
            images, latents, labels, seed, generator_latents, is_penalised
        )

    def update(
        self,
        images,
        latents,
        labels=None,
        seed=(0, 0),
        generator_latents=None,
        is_penalised=False,
    ):
        """Updates both networks once from given latents.

        Call it in a replica context.

        Args:
            images: float32 `(batch, height, width, channels)` in `[-1, 1]`.
            latents: float32 `(batch, latent_dim)`.
            labels: Integers `(batch,)` for conditional networks.
            seed: Integers `(2,)`, for augmentation and dropout alone.
            generator_latents: For G's part of alternating updates; None for
                the same latents.
            is_penalised: Whether D's gradients are penalised in this update.

        Returns:
            As `train_step`, but divided by the number of replicas: the sum
            over replicas is the mean over the global batch.

        Raises:
            ValueError: While tracing, if images are integers or there are
                none, or if labels are missing or superfluous.
        """
        self._check_batch(images, labels)
        batch = Batch(images, latents, labels, self._augment)
        iterate_power(self._state.discriminator)
        if self._training.updates == JOINT:
            return self._update_jointly(batch, seed, is_penalised)
        if generator_latents is not None:
            latents = generator_latents
        g_batch = batch._replace(latents=latents)
        return self._update_in_turn(batch, g_batch, seed, is_penalised)

    def _update_jointly(self, batch: Batch, seed, is_penalised):
        """Updates both networks by gradients from before either update."""
        seeds = tf.unstack(tf.random.split(seed, 2, alg=_GENERATOR))
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = self._family.draw_fake(self._state, batch)
            *logits, penalty = self._objectives.judge_both(
                batch, fake, seeds, is_penalised
            )
            d_loss, d_scaled = self._objectives.for_discriminator(
                *logits, penalty
            )
            g_loss, g_scaled = self._objectives.for_generator(*logits)
        self._minimize("discriminator", d_tape, d_scaled)
        self._minimize("generator", g_tape, g_scaled)
        return self._measure(batch, fake, (d_loss, g_loss), *logits)

    def _update_in_turn(
        self, d_batch: Batch, g_batch: Batch, seed, is_penalised
    ):
        """Updates D, and then G on other latents through the new D."""
        *d_seeds, g_seed = tf.unstack(tf.random.split(seed, 3, alg=_GENERATOR))
        fake = self._family.draw_fake(self._state, d_batch)
        with tf.GradientTape() as tape:
            *d_logits, penalty = self._objectives.judge_both(
                d_batch, fake, d_seeds, is_penalised
            )
            d_loss, scaled = self._objectives.for_discriminator(
                *d_logits, penalty
            )
        self._minimize("discriminator", tape, scaled)
        with tf.GradientTape() as tape:
            fake = self._family.draw_fake(self._state, g_batch)
            fake_logits = self._objectives.judge(g_batch, fake, g_seed)
            real_logits = None
            if self._training.loss == RELATIVISTIC:
                real = self._family.take_real(self._state, g_batch)
                real_logits = self._objectives.judge(g_batch, real, d_seeds[0])
            g_loss, scaled = self._objectives.for_generator(
                real_logits, fake_logits
            )
        self._minimize("generator", tape, scaled)
        return self._measure(g_batch, fake, (d_loss, g_loss), *d_logits)

    def _minimize(self, name: str, tape, loss) -> None:
        """Updates one network by its optimizer."""
        weights = getattr(self._state, name).trainable_variables
        optimizer = getattr(self._state, f"{name}_optimizer")
        gradients = tape.gradient(loss, [w.value for w in weights])
        optimizer.apply(self._add_decay(gradients, weights, optimizer), weights)

    def _measure(
        self, batch: Batch, fake, both_losses, real_logits, fake_logits
    ):
        d_loss, g_loss = both_losses
        # Of a pyramid's levels, the finest.
        samples = fake[-1] if isinstance(fake, list) else fake
        means = {
            "d_real": tf.reduce_mean(tf.sigmoid(real_logits)),
            "d_fake": tf.reduce_mean(tf.sigmoid(fake_logits)),
            **compare_images(batch.images, samples),
        }
        num_replicas = self._strategy.num_replicas_in_sync
        if self._state.augment_probability is not None:
            means["real_sign"] = tf.reduce_mean(tf.sign(real_logits))
        return {
            "d_loss": d_loss,
            "g_loss": g_loss,
            **{name: value / num_replicas for name, value in means.items()},
        }

    def _check_batch(self, images, labels) -> None:
        """Refuses what the networks would silently cast and train on."""
        check_float_images(images, "the training step")
        if (labels is None) == self._is_conditional:
            raise ValueError(
                "conditional networks train on images and labels, got none"
                if self._is_conditional
                else "got labels, but these networks are not conditional; "
                "set num_classes in ModelConfig, or leave the labels out"
            )

    def _add_decay(self, gradients, weights, optimizer):
        """Adds L2 regularization to gradients, as the authors' code does.

        It is on every parameter. Gradients under `mixed_float16` are those
        of the scaled loss, so what is added is scaled as the loss was.
        """
        decay = (
            self._training.weight_decay / self._strategy.num_replicas_in_sync
        )
        if not decay:
            return gradients
        return [
            gradient + optimizer.scale_loss(decay * weight)
            for gradient, weight in zip(gradients, weights, strict=True)
        ]


def _choose_augmentation(
    config: RunConfig, state: TrainingState
) -> Augmentation:
    """Returns what images pass before D, by a run's settings."""
    if not config.training.diff_augment:
        return lambda images, seed: images
    if state.augment_probability is None:
        return augment
    return functools.partial(
        augment, probability=state.augment_probability.probability
    )
