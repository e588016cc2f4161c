"""Random draws of which each replica, and each part, takes its own rows."""

import contextlib
import contextvars
from collections.abc import Callable, Iterator

import tensorflow as tf

# Which part of a replica's batch draws are for, and of how many.
_part: contextvars.ContextVar[tuple[int | tf.Tensor, int]] = (
    contextvars.ContextVar("part", default=(0, 1))
)


@contextlib.contextmanager
def draws_for_part(index: int | tf.Tensor, num_parts: int) -> Iterator[None]:
    """Makes this thread's `draw_share` give the rows of a part of a batch.

    Args:
        index: Of the part, which is every `num_parts`-th row from there on.
        num_parts: Parts of each replica's batch, equally large.
    """
    token = _part.set((index, num_parts))
    try:
        yield
    finally:
        _part.reset(token)


def draw_share(
    draw: Callable[[tf.Tensor], tf.Tensor], num_rows: tf.Tensor
) -> tf.Tensor:
    """Draws for the global batch and returns this replica's rows.

    Every replica computes the same numbers for the whole batch and keeps
    its own. So no two images of a global batch share a draw, and a run
    draws the same numbers however many replicas its batch is spread over,
    and in however many parts it is computed.

    Args:
        draw: From a number of rows to a tensor of so many; it must give the
            same numbers on every replica (a stateless generator, its
            algorithm named).
        num_rows: Rows of each replica, equally many on all; in
            `draws_for_part`, those of the part.

    Returns:
        The rows of the replica in whose context this is called; all of them
        outside a replica context, or on one replica. Of these, in
        `draws_for_part`, the part's.
    """
    index, num_parts = _part.get()
    if num_parts > 1:
        with draws_for_part(0, 1):
            return draw_share(draw, num_rows * num_parts)[index::num_parts]
    replica = tf.distribute.get_replica_context()
    if replica is None or replica.num_replicas_in_sync == 1:
        return draw(num_rows)
    rows = draw(num_rows * replica.num_replicas_in_sync)
    first = num_rows * tf.cast(replica.replica_id_in_sync_group, tf.int32)
    return rows[first : first + num_rows]
