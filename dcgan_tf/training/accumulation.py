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
    replicas_meet: bool = False,
) -> Computed:
    """Computes something from a batch, one part after the other.

    A part starts once the sums of the part before are there, whose
    activations are then free: side by side, parts would take the memory of
    the whole batch.

    A part is every `num_parts`-th image, so that the parts of the global
    batch are the same ones however many replicas it is spread over. Random
    numbers are those of the whole batch (see `draw_share`).

    Args:
        compute: From a part to what is added up and what is joined. Batch
            norm in it sees the part alone.
        batch: A replica's, in whose context this is called.
        num_parts: Equally large; 1 for `compute(batch)` as it is.
        after: Tensors that are computed before the first of several parts.
        replicas_meet: Whether replicas exchange something in `compute`, as
            batch norm does that is synchronised. They can't in a loop of a
            graph, whose length it then grows by with each part.

    Returns:
        Sums over the parts; and rows, grouped by part.
    """
    if num_parts == 1:
        return compute(batch)

    def compute_part(index: int | tf.Tensor) -> Computed:
        with draws_for_part(index, num_parts):
            return compute(_take_part(batch, index, num_parts))

    with tf.control_dependencies(tf.nest.flatten(after)):
        first = compute_part(0)
    follow = _follow_in_turn if replicas_meet else _follow_in_loop
    return follow(compute_part, first, num_parts)


def _follow_in_loop(
    compute_part: Callable[[tf.Tensor], Computed],
    first: Computed,
    num_parts: int,
) -> Computed:
    """Computes the parts after the first in a loop of the graph."""
    arrays = tf.nest.map_structure(
        lambda rows: tf.TensorArray(
            rows.dtype, num_parts, element_shape=rows.shape
        ).write(0, rows),
        first.rows,
    )

    def compute_next(index, sums, arrays):
        part = compute_part(index)
        arrays = tf.nest.map_structure(
            lambda array, rows: array.write(index, rows), arrays, part.rows
        )
        return index + 1, _add(sums, part.sums), arrays

    _, sums, arrays = tf.while_loop(
        lambda index, *_: index < num_parts,
        compute_next,
        (tf.constant(1), first.sums, arrays),
        parallel_iterations=1,
    )
    joined = tf.nest.map_structure(lambda array: array.concat(), arrays)
    return Computed(sums, joined)


def _follow_in_turn(
    compute_part: Callable[[int], Computed], first: Computed, num_parts: int
) -> Computed:
    """Computes the parts after the first, each written out in the graph."""
    sums, rows = first.sums, [first.rows]
    for index in range(1, num_parts):
        with tf.control_dependencies(tf.nest.flatten(sums)):
            part = compute_part(index)
            sums = _add(sums, part.sums)
        rows.append(part.rows)
    joined = tf.nest.map_structure(lambda *parts: tf.concat(parts, 0), *rows)
    return Computed(sums, joined)


def _add(sums: Any, more: Any) -> Any:
    return tf.nest.map_structure(tf.add, sums, more)


def _take_part(batch: Batch, index: int | tf.Tensor, num_parts: int) -> Batch:
    def take(values):
        return None if values is None else values[index::num_parts]

    return batch._replace(
        images=take(batch.images),
        latents=take(batch.latents),
        labels=take(batch.labels),
    )
