"""This project's own training step, as `train.py` runs it."""

from collections.abc import Callable

import tensorflow as tf

from dcgan_tf.config import DataConfig, RunConfig, TrainingConfig
from dcgan_tf.training.state import TrainingState, build_training_state
from dcgan_tf.training.step import GradientTapeStep
from peers import batches


def build(
    model: dict,
    batch_size: int,
    precision: str,
    xla: bool = False,
    accumulate: int = 1,
):
    """Returns a function that trains a number of steps.

    Args:
        model: `ModelConfig` as a dictionary.
        batch_size: Images a step.
        precision: Of the computations.
        xla: Whether XLA compiles what it can.
        accumulate: Parts that the images are computed in.
    """
    tf.config.optimizer.set_jit(xla)
    config = batches.make_config(model)
    training = TrainingConfig(
        batch_size=batch_size, precision=precision, accumulate=accumulate
    )
    run_config = RunConfig(config, DataConfig(), training)
    return make_run(run_config, build_training_state(run_config, precision))


def make_run(config: RunConfig, state: TrainingState) -> Callable[[int], None]:
    """Returns a function that trains a state a number of steps on noise."""
    step = GradientTapeStep(state, config)
    images = tf.constant(
        batches.draw_images(config.model, config.training.batch_size)
    )

    def run(num_steps: int) -> None:
        measures = {"g_loss": 0.0}
        for _ in range(num_steps):
            measures = step.train_step(images)
        float(measures["g_loss"])

    return run
