"""Batches of real images, as a run's replicas and workers take them."""

from collections.abc import Iterator

import tensorflow as tf

from dcgan_tf.config import RunConfig
from dcgan_tf.data.pipeline import build_training_dataset
from dcgan_tf.data.source import Source


def distribute_data(
    config: RunConfig,
    source: Source,
    strategy: tf.distribute.Strategy,
    start_step: int,
) -> tf.distribute.DistributedDataset:
    """Gives each worker's replicas their share of every global batch.

    Args:
        config: The run's settings.
        source: Real images.
        strategy: What the run trains under.
        start_step: Steps done before.

    Returns:
        An endless dataset of what `GradientTapeStep.train_step` takes:
        images, or `(images, labels)` for conditional networks.
    """
    training = config.training

    def make_dataset(context: tf.distribute.InputContext) -> tf.data.Dataset:
        num_replicas = context.num_replicas_in_sync
        num_local = num_replicas // context.num_input_pipelines
        return build_training_dataset(
            source,
            config.model,
            config.data,
            batch_size_per_replica=training.batch_size // num_replicas,
            global_batch_size=training.batch_size,
            seed=training.seed,
            start_step=start_step,
            replica_offset=context.input_pipeline_id * num_local,
            num_local_replicas=num_local,
            with_labels=config.model.num_classes > 0,
        )

    return strategy.distribute_datasets_from_function(make_dataset)


def iterate_batches(
    config: RunConfig,
    source: Source,
    strategy: tf.distribute.Strategy,
    start_step: int,
) -> Iterator[tuple]:
    """Yields what `train_step` takes: images and labels, or images and None.

    Args:
        config: The run's settings.
        source: Real images.
        strategy: What the run trains under.
        start_step: Steps done before.
    """
    for batch in distribute_data(config, source, strategy, start_step):
        yield batch if config.model.num_classes else (batch, None)


def take_batch(batches: Iterator, source: Source) -> tuple:
    """Takes the next batch.

    Args:
        batches: From `iterate_batches`.
        source: What they are of.

    Raises:
        ValueError: If over half of the images are unreadable.
        OSError: If images can't be read at all any more.
    """
    try:
        return next(batches)
    except tf.errors.OpError as error:
        source.skipped.check()
        # What Python code inside tf.data raised comes as one of these.
        if isinstance(
            error, (tf.errors.UnknownError, tf.errors.InvalidArgumentError)
        ):
            reason = error.message.strip().splitlines()[0]
            raise OSError(f"reading {source.name} failed: {reason}") from error
        raise


def try_take_batch(batches: Iterator, source: Source) -> tuple:
    """Takes the next batch, or returns (None, why there is none).

    So that all workers can agree to save a checkpoint and stop.
    """
    try:
        return take_batch(batches, source), None
    except (ValueError, OSError) as error:
        return None, error
