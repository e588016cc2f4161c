"""One of several workers: a whole step, or the parts of one."""

import json
import os

import tensorflow as tf

from dcgan_tf.config import DataConfig, RunConfig, TrainingConfig
from dcgan_tf.kernels import layers
from dcgan_tf.training.distribution.strategy import build_strategy
from dcgan_tf.training.state import TrainingState, build_training_state
from dcgan_tf.training.step import GradientTapeStep
from peers import batches


def build(
    model: dict,
    batch_size: int,
    precision: str,
    part: str,
    addresses: list[str],
    index: int,
    settings: dict | None = None,
):
    """Returns a function that trains a number of steps, or does a part.

    Args:
        model: The network.
        batch_size: This worker's images a step.
        precision: A Keras dtype policy.
        part: `step`; `keras_norm`, a step with the batch norm that can be
            synchronised; or `collectives`, a step's all-reduces alone.
        addresses: `host:port` of all workers; none to work alone.
        index: This worker's place among them.
        settings: Other settings of training.
    """
    if addresses:
        os.environ["TF_CONFIG"] = json.dumps(
            {
                "cluster": {"worker": addresses},
                "task": {"type": "worker", "index": index},
            }
        )
    strategy = build_strategy("auto")
    if part == "keras_norm":
        layers.BatchNormalization._can_fuse = lambda *arguments: False
    config = batches.make_config(model)
    training = TrainingConfig(
        batch_size=batch_size * max(len(addresses), 1),
        precision=precision,
        **(settings or {}),
    )
    run_config = RunConfig(config, DataConfig(), training)
    with strategy.scope():
        state = build_training_state(run_config, precision)
    if part == "collectives":
        reduce_once = make_collectives(state, strategy)

        def run_collectives(num_steps: int) -> None:
            for _ in range(num_steps):
                reduce_once()

        return run_collectives
    step = GradientTapeStep(state, run_config, strategy)
    images = batches.draw_images(config, batch_size)
    (batch,) = strategy.experimental_local_results(
        strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(images)
        )
    )

    def run(num_steps: int) -> None:
        for _ in range(num_steps):
            measures = step.train_step(batch)
        float(measures["g_loss"])

    return run


def make_collectives(state: TrainingState, strategy: tf.distribute.Strategy):
    """Returns a function that does the all-reduces of one step.

    Each batch norm averages means and squares in one message; their
    gradients come back as another. G's batch passes once, D's twice.
    Gradients are one all-reduce a network.
    """
    norms = [
        *(layer for layer in state.generator.layers),
        *(2 * state.discriminator.layers),
    ]
    sizes = [
        norm.moving_mean.shape[0]
        for norm in norms
        if isinstance(norm, layers.BatchNormalization)
    ]
    gradients = [
        [tf.zeros(weight.shape) for weight in model.trainable_variables]
        for model in (state.discriminator, state.generator)
    ]

    def reduce_on_replica():
        context = tf.distribute.get_replica_context()
        total = tf.zeros(())
        for size in sizes:
            for _ in range(2):
                # Each waits for the one before, as layers do.
                pair = tf.zeros((2, size)) + total
                total = context.all_reduce("MEAN", pair)[0, 0]
        for arrays in gradients:
            arrays = [array + total for array in arrays]
            total = context.all_reduce("SUM", arrays)[0]
            total = tf.reshape(total, [-1])[0]
        return total

    return tf.function(lambda: strategy.run(reduce_on_replica))
