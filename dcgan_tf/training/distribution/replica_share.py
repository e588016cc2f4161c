"""Random draws of which each replica takes its own rows."""

from collections.abc import Callable

import tensorflow as tf


def draw_share(
    draw: Callable[[tf.Tensor], tf.Tensor], batch_size_per_replica: tf.Tensor
) -> tf.Tensor:
    """Draws for the global batch and returns this replica's rows.

    Every replica computes the same numbers for the whole batch and keeps
    its own. So no two images of a global batch share a draw, and a run
    draws the same numbers however many replicas its batch is spread over.

    Args:
        draw: From a number of rows to a tensor of so many; it must give the
            same numbers on every replica (a stateless generator, its
            algorithm named).
        batch_size_per_replica: Rows of each replica, equally many on all.

    Returns:
        The rows of the replica in whose context this is called; all of them
        outside a replica context, or on one replica.
    """
    replica = tf.distribute.get_replica_context()
    if replica is None or replica.num_replicas_in_sync == 1:
        return draw(batch_size_per_replica)
    rows = draw(batch_size_per_replica * replica.num_replicas_in_sync)
    index = tf.cast(replica.replica_id_in_sync_group, tf.int32)
    first = batch_size_per_replica * index
    return rows[first : first + batch_size_per_replica]
