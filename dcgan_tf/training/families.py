"""The training of each family of networks, one entry each.

Where it departs from its paper, the entry's functions say. What the families
share stays in `step`: losses, the order of updates, averages.
"""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf

from dcgan_tf.config import RunConfig
from dcgan_tf.data.pipeline import build_training_dataset
from dcgan_tf.data.source import Source
from dcgan_tf.families import ADAM
from dcgan_tf.kernels.adam import Adam
from dcgan_tf.latents import GENERATOR
from dcgan_tf.models import image_pyramid, laplacian_pyramid
from dcgan_tf.models.dropout import masks_drawn_by
from dcgan_tf.models.networks import Networks
from dcgan_tf.models.original_gan import set_output_marginals
from dcgan_tf.training.distribution.replica_share import draw_share
from dcgan_tf.training.scheduled_sgd import ScheduledSGD

Augmentation = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
# What D sees: images, or a pyramid's from coarse to fine.
Seen = tf.Tensor | list[tf.Tensor]

# The authors' Adam (Newmu/dcgan_code, lib/updates.py).
_ADAM_EPSILON = 1e-8
# goodfeli/adversarial: 250 epochs of MNIST's 50,000 images in batches of 100.
_GAN_RISING_STEPS = 250 * 500
# facebookarchive/eyescream: 45,000 images in batches whose real half is 64.
_PYRAMID_EPOCH = 45_000 // 64
_NUM_MARGINAL_BATCHES, _MARGINAL_BATCH = 20, 100


class Batch(NamedTuple):
    """What a replica's update is computed from.

    Attributes:
        images: float32 `(batch, height, width, channels)` in `[-1, 1]`.
        latents: float32 `(batch, latent_dim)`.
        labels: Integers `(batch,)`, or None.
        augment: From images and a seed to images.
    """

    images: tf.Tensor
    latents: tf.Tensor
    labels: tf.Tensor | None
    augment: Augmentation

    def condition(self, values):
        """Returns values with the labels, where there are any."""
        return values if self.labels is None else [values, self.labels]


@dataclasses.dataclass(frozen=True)
class FamilyTraining:
    """A family's part in training.

    What D sees is images, or a list of them from coarse to fine. The three
    functions are called in a replica context, under gradients' tapes.

    Attributes:
        take_real: From both networks and a batch to what D sees of its real
            images.
        draw_fake: The same of images that G draws.
        judge: From networks, batch, what D sees and a seed to D's logits,
            float32 `(batch, pairs)`, a column for each pair of networks that
            play against each other.
        build_sgd: From a learning rate to the optimizer of the family's
            paper, where it isn't Adam.
        discriminator_weight: Of D's loss in what is minimised: the sum over
            real and generated images is the project's, half of it, the
            mean, is the older papers', whose rates belong to it.
        start_from_data: Changes a new run's generator by the real images'
            mean, float32 `(height, width, channels)`; None for nothing.
    """

    take_real: Callable[[Networks, Batch], Seen]
    draw_fake: Callable[[Networks, Batch], Seen]
    judge: Callable[[Networks, Batch, Seen, tf.Tensor], tf.Tensor]
    build_sgd: Callable[[float], keras.optimizers.Optimizer] | None = None
    discriminator_weight: float = 1.0
    start_from_data: Callable[[keras.Model, tf.Tensor], None] | None = None


def take_images(networks: Networks, batch: Batch) -> tf.Tensor:
    """Takes a batch's real images as they are."""
    return batch.images


def draw_images(networks: Networks, batch: Batch) -> tf.Tensor:
    """Draws images from a batch's latents."""
    return networks.generator(batch.condition(batch.latents), training=True)


def judge_images(
    networks: Networks, batch: Batch, images: tf.Tensor, seed: tf.Tensor
) -> tf.Tensor:
    """Runs one discriminator on images, real or generated.

    In passes of their own, so that each kind keeps its batch statistics, as
    in DCGAN's authors' code, and gets dropout masks of its own, keyed by the
    run's seed, the step and the image's place in the global batch.
    """
    with masks_drawn_by(draw_masks(seed)):
        seen = batch.condition(batch.augment(images, seed))
        return networks.discriminator(seen, training=True)


def shrink_images(networks: Networks, batch: Batch) -> list[tf.Tensor]:
    """Shrinks a batch's real images to each level of a pyramid."""
    num_levels = networks.discriminator.output_shape[-1]
    return image_pyramid.shrink_to_levels(batch.images, num_levels)


def draw_levels(networks: Networks, batch: Batch) -> list[tf.Tensor]:
    """Draws each level of a pyramid on real coarser images.

    The levels don't depend on each other (Denton et al., 2015, Section 3.1),
    so that one step trains them all.
    """
    real = shrink_images(networks, batch)
    return laplacian_pyramid.draw_levels(
        networks.generator, batch.latents, real, batch.labels
    )


def judge_levels(
    networks: Networks,
    batch: Batch,
    levels: list[tf.Tensor],
    seed: tf.Tensor,
) -> tf.Tensor:
    """Runs each level's discriminator on its images."""
    labels = [] if batch.labels is None else [batch.labels]
    with masks_drawn_by(draw_masks(seed)):
        seen = [batch.augment(images, seed) for images in levels]
        return networks.discriminator([*seen, *labels], training=True)


def draw_masks(seed: tf.Tensor):
    """Returns what dropout draws from in one pass on one replica."""

    def draw_uniform(shape: tf.Tensor, stream: int) -> tf.Tensor:
        own = tf.random.fold_in(seed, stream, alg=GENERATOR)
        return draw_share(
            lambda count: tf.random.stateless_uniform(
                tf.concat([[count], shape[1:]], 0), own, alg=GENERATOR
            ),
            shape[0],
        )

    return draw_uniform


def build_gan_sgd(learning_rate: float) -> ScheduledSGD:
    """Builds the optimizer of goodfeli/adversarial.

    The rate is divided by 1.000004 at each update, down to 1e-6; momentum
    rises from 0.5 to 0.7. The authors count that in 250 epochs, here it is as
    many updates as they are of MNIST: an epoch of a small dataset is no
    epoch of theirs.
    """
    return ScheduledSGD(
        learning_rate,
        decay=1.000004,
        least_rate=1e-6,
        momentum=0.5,
        final_momentum=0.7,
        rising_steps=_GAN_RISING_STEPS,
    )


def build_pyramid_sgd(learning_rate: float) -> ScheduledSGD:
    """Builds the optimizer of facebookarchive/eyescream.

    The rate is divided by 1.000004 an epoch, down to 1e-6; momentum rises
    from 0 by 0.0008 an epoch, to 0.7. An epoch is as many updates as one of
    the authors' CIFAR-10, whatever the dataset, and both change with each
    update rather than with each epoch.
    """
    return ScheduledSGD(
        learning_rate,
        decay=1.000004 ** (1 / _PYRAMID_EPOCH),
        least_rate=1e-6,
        momentum=0.0,
        final_momentum=0.7,
        rising_steps=round(0.7 / 0.0008) * _PYRAMID_EPOCH,
    )


TRAINING: dict[str, FamilyTraining] = {
    # Both networks are updated on the same images, where the authors'
    # alternate unless `updates` says so; see `GradientTapeStep`.
    "dcgan": FamilyTraining(
        take_real=take_images, draw_fake=draw_images, judge=judge_images
    ),
    # As its authors: both networks at once, dropout in D in G's pass too.
    # What departs is said in `models.original_gan` and `build_gan_sgd`;
    # besides, samples come from an average of weights, as DCGAN's here do
    # (--ema_decay=0 turns that off).
    "gan": FamilyTraining(
        take_real=take_images,
        draw_fake=draw_images,
        judge=judge_images,
        build_sgd=build_gan_sgd,
        discriminator_weight=0.5,
        start_from_data=set_output_marginals,
    ),
    # All levels in one step on one batch, where the authors train each alone
    # and the coarsest one on batches of 100; and both networks on the same
    # images, where theirs take turns, as `updates` may have it. What departs
    # in the networks is said in `models.laplacian_pyramid`.
    "lapgan": FamilyTraining(
        take_real=shrink_images,
        draw_fake=draw_levels,
        judge=judge_levels,
        build_sgd=build_pyramid_sgd,
        discriminator_weight=0.5,
    ),
}


def build_optimizer(
    config: RunConfig, learning_rate: float
) -> keras.optimizers.Optimizer:
    """Builds one network's optimizer, without slots.

    Args:
        config: The run's settings.
        learning_rate: The network's, of `config.training.rates`.
    """
    training = config.training
    if training.optimizer == ADAM:
        return Adam(learning_rate, training.beta_1, epsilon=_ADAM_EPSILON)
    return TRAINING[config.model.family].build_sgd(learning_rate)


def start_from_data(
    config: RunConfig, source: Source, generators: list[keras.Model]
) -> None:
    """Lets a family set a new run's generators by the data.

    Args:
        config: The run's settings.
        source: Real images.
        generators: The trained one and its average, changed in place.
    """
    start = TRAINING[config.model.family].start_from_data
    if start is None:
        return
    size = min(source.num_examples, _MARGINAL_BATCH)
    # In the order that the seed decides, which every worker shares: a sorted
    # folder's first images are of one class.
    dataset = build_training_dataset(
        source,
        config.model,
        config.data,
        batch_size_per_replica=size,
        global_batch_size=size,
        seed=config.training.seed,
    ).take(_NUM_MARGINAL_BATCHES)
    means = [tf.reduce_mean(images, 0) for images in dataset]
    for generator in generators:
        start(generator, tf.add_n(means) / len(means))
