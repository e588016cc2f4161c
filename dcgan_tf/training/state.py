"""The training state: networks, their averages, optimizers, the step."""

import dataclasses
from typing import NamedTuple

import keras
import tensorflow as tf

from dcgan_tf.config import REPLICA, RunConfig
from dcgan_tf.kernels.keras_settings import own_keras_settings
from dcgan_tf.models.networks import Networks, build_networks
from dcgan_tf.training.diff_augment import AdaptiveProbability
from dcgan_tf.training.distribution.replica_norm import normalise_alone
from dcgan_tf.training.families import build_optimizer
from dcgan_tf.training.scheduled_sgd import ScheduledSGD


class OptimizedNetwork(NamedTuple):
    """A network, and the optimizer that updates it."""

    network: keras.Model
    optimizer: keras.optimizers.Optimizer


@dataclasses.dataclass(frozen=True)
class TrainingState:
    """All that training changes, as a checkpoint holds it.

    Attributes:
        generator: Trained, in the run's precision.
        discriminator: Trained, in the run's precision.
        averaged_generator: float32, its weights a moving average of the
            generator's; None where averaging is off. Its batch-norm
            statistics are the initial ones until they are re-estimated.
        averaged_discriminator: The discriminator's moving average, likewise;
            features come from it.
        generator_optimizer: Built.
        discriminator_optimizer: Built.
        step: int64, completed updates.
        augment_probability: How often images are augmented, where that is
            adapted; None elsewhere.
    """

    generator: keras.Model
    discriminator: keras.Model
    averaged_generator: keras.Model | None
    averaged_discriminator: keras.Model | None
    generator_optimizer: keras.optimizers.Optimizer
    discriminator_optimizer: keras.optimizers.Optimizer
    step: tf.Variable
    augment_probability: AdaptiveProbability | None = None

    @property
    def networks(self) -> Networks:
        """Both networks that are trained."""
        return Networks(self.generator, self.discriminator)

    @property
    def optimized_generator(self) -> OptimizedNetwork:
        """G with its optimizer."""
        return OptimizedNetwork(self.generator, self.generator_optimizer)

    @property
    def optimized_discriminator(self) -> OptimizedNetwork:
        """D with its optimizer."""
        return OptimizedNetwork(
            self.discriminator, self.discriminator_optimizer
        )

    def trackables(self) -> dict:
        """Returns the parts by name, as a checkpoint stores them."""
        parts = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
        }
        return {name: part for name, part in parts.items() if part is not None}

    def averages(self) -> list[tuple[keras.Model, keras.Model]]:
        """Returns pairs of a moving average and the network it follows."""
        pairs = (
            (self.averaged_generator, self.generator),
            (self.averaged_discriminator, self.discriminator),
        )
        return [
            (average, model) for average, model in pairs if average is not None
        ]

    @property
    def sampling_generator(self) -> keras.Model:
        """The generator that samples and exports use."""
        return self.averaged_generator or self.generator

    def set_learning_rates(
        self, generator_rate: float, discriminator_rate: float
    ) -> None:
        """Sets both optimizers' rates, which a restore overwrites."""
        self.generator_optimizer.learning_rate = generator_rate
        self.discriminator_optimizer.learning_rate = discriminator_rate

    def compute_learning_rates(self) -> tuple[float, float]:
        """Computes the rates of G's and of D's last update."""
        optimizers = (self.generator_optimizer, self.discriminator_optimizer)
        return tuple(map(_compute_learning_rate, optimizers))


def _compute_learning_rate(optimizer: keras.optimizers.Optimizer) -> float:
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    if isinstance(optimizer, ScheduledSGD):
        return optimizer.compute_last_rate()
    # By numpy: a variable mirrored over replicas has no float().
    return float(optimizer.learning_rate.numpy())


@own_keras_settings()
def build_training_state(config: RunConfig, precision: str) -> TrainingState:
    """Builds networks and optimizers; call it in the strategy's scope.

    Args:
        config: The run's settings.
        precision: A Keras dtype policy: `float32`, `mixed_bfloat16` or
            `mixed_float16`, the last with loss scaling.
    """
    seed, training = config.training.seed, config.training
    generator, discriminator = build_networks(config.model, precision, seed)
    if training.batch_norm == REPLICA:
        normalise_alone((generator, discriminator))
    averages = [None, None]
    if training.ema_decay:
        averages = list(build_networks(config.model))
        for averaged, model in zip(
            averages, (generator, discriminator), strict=True
        ):
            averaged.set_weights(model.get_weights())
    optimizers = []
    for model, rate in zip(
        (generator, discriminator), training.rates, strict=True
    ):
        optimizer = build_optimizer(config, rate)
        if precision == "mixed_float16":
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        # Built now: slots made inside a tf.function fail on two replicas,
        # and a restore would silently skip slots that don't exist yet.
        optimizer.build(model.trainable_variables)
        optimizers.append(optimizer)
    return TrainingState(
        generator,
        discriminator,
        *averages,
        *optimizers,
        step=tf.Variable(0, dtype=tf.int64, trainable=False, name="step"),
        augment_probability=(
            AdaptiveProbability() if training.diff_augment_target else None
        ),
    )
