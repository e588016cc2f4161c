"""Batch norm by each replica's own statistics, rather than everyone's."""

from collections.abc import Iterable

import keras
import tensorflow as tf

from dcgan_tf.models.batch_norm import list_norms


def normalise_alone(models: Iterable[keras.Model]) -> None:
    """Lets each replica normalise by the statistics of its own images.

    Synchronised statistics cost each layer a round trip between replicas in
    both passes, and with them the fused kernel. One replica computes the same
    either way.

    Args:
        models: Changed in place, before they are traced.
    """
    for model in models:
        for norm in list_norms(model):
            norm.synchronized = False


def average_moving_statistics(models: Iterable[keras.Model]) -> None:
    """Sets every replica's moving statistics to their mean over replicas.

    After each step, in one message: what a checkpoint then holds of one
    replica is everyone's, and a run that is resumed from it has what all had.
    The mean of moving averages is the moving average of the mean; variances
    are those within replicas.

    Args:
        models: Changed in place. Call it in a replica context.
    """
    replica = tf.distribute.get_replica_context()
    statistics = [
        statistic
        for model in models
        for norm in list_norms(model)
        for statistic in (norm.moving_mean, norm.moving_variance)
    ]
    if replica.num_replicas_in_sync == 1 or not statistics:
        return
    own = tf.concat([tf.convert_to_tensor(s.value) for s in statistics], 0)
    means = replica.all_reduce(tf.distribute.ReduceOp.MEAN, own)
    sizes = [statistic.shape[0] for statistic in statistics]
    for statistic, mean in zip(statistics, tf.split(means, sizes), strict=True):
        statistic.assign(mean)
