"""Replicas' shares of one global draw."""

import numpy as np
import tensorflow as tf

from dcgan_tf.training.distribution.replica_share import (
    draw_share,
    draws_for_part,
)


def one_device():
    return tf.distribute.OneDeviceStrategy("CPU:0")


def draw_on_replicas(strategy, num_rows, part=(0, 1)):
    def draw(count):
        return tf.random.stateless_uniform((count, 2), (1, 2), alg="philox")

    def draw_in_replica():
        with draws_for_part(*part):
            return draw_share(draw, tf.constant(num_rows))

    parts = tf.function(strategy.run, autograph=False)(draw_in_replica)
    return [p.numpy() for p in strategy.experimental_local_results(parts)]


def test_shares_are_the_rows_of_one_draw(two_replicas):
    whole = tf.random.stateless_uniform((6, 2), (1, 2), alg="philox")
    parts = draw_on_replicas(two_replicas, 3)
    assert [len(part) for part in parts] == [3, 3]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    (alone,) = draw_on_replicas(one_device(), 6)
    np.testing.assert_array_equal(alone, whole)


def test_parts_are_every_so_manieth_row(two_replicas):
    """So that all replicas' parts together are those of one device."""
    whole = tf.random.stateless_uniform((8, 2), (1, 2), alg="philox")
    for strategy, rows in ((two_replicas, 2), (one_device(), 4)):
        for index in range(2):
            parts = draw_on_replicas(strategy, rows, part=(index, 2))
            np.testing.assert_array_equal(
                np.concatenate(parts), whole[index::2]
            )


def test_outside_replicas_all_rows_are_drawn(two_replicas):
    assert draw_share(tf.range, 4).shape == (4,)
    with two_replicas.scope():  # A cross-replica context.
        assert draw_share(tf.range, 4).shape == (4,)
