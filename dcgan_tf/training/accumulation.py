"""Updates computed from a batch in parts, for batches too large for memory."""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from dcgan_tf.training.distribution.replica_share import draws_for_part
from dcgan_tf.training.families import Batch


class Computed(NamedTuple):
    """What is computed from a batch, or from a part of it.

    Attributes:
        sums: Tensors, nested in any way, whose sum over all parts is the
            batch's: gradients and losses.
        rows: Tensors with a row for each image: samples and logits.
    """

    sums: Any
    rows: Any


def compute_in_parts(
    compute: Callable[[Batch], Computed],
    batch: Batch,
    num_parts: int,
    after: Any = (),
) -> Computed:
    """Computes something from a batch, one part after the other.

    In a graph a part's operations wait for the sums of the part before,
    whose activations are then freed: without that all parts would be
    computed side by side, and take the memory of the whole batch. Parts
    follow each other in the graph rather than in a loop of it, where replicas
    can't meet to synchronise batch norm.

    A part is every `num_parts`-th image, so that the parts of the global
    batch are the same ones however many replicas it is spread over. Random
    numbers are those of the whole batch (see `draw_share`).

    Args:
        compute: From a part to what is added up and what is joined. Batch
            norm in it sees the part alone.
        batch: A replica's, in whose context this is called.
        num_parts: Equally large; 1 for `compute(batch)` as it is.
        after: Tensors that are computed before the first of several parts.

    Returns:
        Sums over the parts; and rows, grouped by part.
    """
    if num_parts == 1:
        return compute(batch)
    sums, rows = None, []
    for index in range(num_parts):
        before = tf.nest.flatten(after if sums is None else sums)
        with tf.control_dependencies(before), draws_for_part(index, num_parts):
            part = compute(_take_part(batch, index, num_parts))
            rows.append(part.rows)
            if sums is None:
                sums = part.sums
            else:
                sums = tf.nest.map_structure(tf.add, sums, part.sums)
    joined = tf.nest.map_structure(lambda *parts: tf.concat(parts, 0), *rows)
    return Computed(sums, joined)


def _take_part(batch: Batch, index: int, num_parts: int) -> Batch:
    def take(values):
        return None if values is None else values[index::num_parts]

    return batch._replace(
        images=take(batch.images),
        latents=take(batch.latents),
        labels=take(batch.labels),
    )
