"""Gradient descent with falling learning rates and rising momentum."""

import math

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("dcgan_tf")
class ScheduledSGD(keras.optimizers.Optimizer):
    """Gradient descent whose rate and momentum are functions of the step.

    `v = momentum * v - rate * gradient`, and `v` is added to the weight. Both
    schedules follow `iterations`, which a checkpoint holds: a run that is
    resumed has the rates it would have had.

    Args:
        learning_rate: At the first update.
        decay: What the rate is divided by at each update, 1 or more.
        least_rate: What it doesn't fall below.
        momentum: At the first update.
        final_momentum: What it rises to, evenly.
        rising_steps: Updates until then.
        **kwargs: Keras's.
    """

    def __init__(
        self,
        learning_rate: float,
        decay: float = 1.0,
        least_rate: float = 0.0,
        momentum: float = 0.0,
        final_momentum: float = 0.0,
        rising_steps: int = 1,
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.decay = decay
        self.least_rate = least_rate
        self.momentum = momentum
        self.final_momentum = final_momentum
        self.rising_steps = rising_steps

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity")

    def compute_rates(self, learning_rate, step):
        """Computes the rate and the momentum of an update.

        Args:
            learning_rate: float32, at the first update.
            step: Updates before this one.

        Returns:
            Two float32 scalars.
        """
        step = tf.cast(step, tf.float32)
        rate = learning_rate * tf.exp(-math.log(self.decay) * step)
        risen = tf.minimum(step / self.rising_steps, 1.0)
        momentum = self.momentum + risen * (self.final_momentum - self.momentum)
        return tf.maximum(rate, self.least_rate), momentum

    def compute_last_rate(self) -> float:
        """Computes the rate of the last update; before any, of the first."""
        # By numpy: a variable mirrored over replicas has no float().
        step = max(int(self.iterations.numpy()) - 1, 0)
        rate, _ = self.compute_rates(self.learning_rate.numpy(), step)
        return float(rate)

    def update_step(self, gradient, variable, learning_rate):
        rate, momentum = self.compute_rates(
            tf.cast(learning_rate, tf.float32), self.iterations.value
        )
        velocity = self._velocities[self._get_variable_index(variable)]
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=velocity.value.handle,
            lr=tf.cast(rate, variable.dtype),
            grad=tf.cast(gradient, variable.dtype),
            momentum=tf.cast(momentum, variable.dtype),
        )

    def get_config(self):
        return {
            **super().get_config(),
            "decay": self.decay,
            "least_rate": self.least_rate,
            "momentum": self.momentum,
            "final_momentum": self.final_momentum,
            "rising_steps": self.rising_steps,
        }
