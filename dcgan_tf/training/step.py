"""The training step: one update of both networks."""

import functools
import math

import tensorflow as tf

from dcgan_tf.config import (
    ALTERNATING,
    JOINT,
    REPLICA,
    RunConfig,
)
from dcgan_tf.config.ranges import check_parts
from dcgan_tf.images import check_float_images
from dcgan_tf.latents import GENERATOR, sample_latents
from dcgan_tf.models.spectral_norm import iterate_power
from dcgan_tf.training.averages import update_averages
from dcgan_tf.training.diff_augment import augment
from dcgan_tf.training.distribution.replica_norm import (
    average_moving_statistics,
)
from dcgan_tf.training.distribution.replica_share import draw_share
from dcgan_tf.training.families import Augmentation, Batch
from dcgan_tf.training.state import TrainingState
from dcgan_tf.training.updates import Updates


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
        self._has_seen_images = False
        self._updates = Updates(
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
            what `compute_sample_statistics` says of the samples that G was
            updated on, the mean over replicas; where augmentation is adapted,
            its `augment_probability` and the `real_sign` that it goes by.

        Raises:
            ValueError: As `update`.
        """
        self._check_first_images(images)
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
        self._check_first_images(images)
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

    @property
    def num_traces(self) -> int:
        """How often TensorFlow has traced what is computed, which takes long.

        Once for steps of a kind: with and without a penalty of D's gradients,
        alone and several in a call.
        """
        functions = (self._train_step, self._train_steps)
        return sum(f.experimental_get_tracing_count() for f in functions)

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
                tf.random.fold_in(seed, 1, alg=GENERATOR)
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
            ValueError: While tracing, if images are integers, there are
                none or they don't divide into `accumulate` parts, or if
                labels are missing or superfluous; of the first images that
                `train_step` gets, if they are floats in [0, 255].
        """
        self._check_batch(images, labels)
        batch = Batch(images, latents, labels, self._augment)
        iterate_power(self._state.discriminator)
        if self._training.updates == JOINT:
            measures = self._updates.jointly(batch, seed, is_penalised)
        else:
            if generator_latents is not None:
                latents = generator_latents
            g_batch = batch._replace(latents=latents)
            measures = self._updates.in_turn(batch, g_batch, seed, is_penalised)
        if self._training.batch_norm == REPLICA:
            average_moving_statistics(
                (self._state.generator, self._state.discriminator)
            )
        return measures

    def _check_first_images(self, images) -> None:
        """Looks at values, for which there is no time in every step."""
        if not self._has_seen_images:
            for local in self._strategy.experimental_local_results(images):
                check_float_images(local, "the training step")
            self._has_seen_images = True

    def _check_batch(self, images, labels) -> None:
        """Refuses what the networks would silently cast and train on."""
        check_float_images(images, "the training step")
        # Unknown while tracing with batches of any size.
        if images.shape[0] is not None:
            check_parts("the batch", images.shape[0], self._training.accumulate)
        if (labels is None) == self._is_conditional:
            raise ValueError(
                "conditional networks train on images and labels, got none"
                if self._is_conditional
                else "got labels, but these networks are not conditional; "
                "set num_classes in ModelConfig, or leave the labels out"
            )


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
