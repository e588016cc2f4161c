"""Replicas' shares of one global draw."""

import numpy as np
import tensorflow as tf

from dcgan_tf.training.distribution.replica_share import draw_share


def draw_on_replicas(strategy, batch_size_per_replica):
    def draw(count):
        return tf.random.stateless_uniform((count, 2), (1, 2), alg="philox")

    parts = tf.function(strategy.run, autograph=False)(
        lambda: draw_share(draw, tf.constant(batch_size_per_replica))
    )
    return [p.numpy() for p in strategy.experimental_local_results(parts)]


def test_shares_are_the_rows_of_one_draw(two_replicas):
    whole = tf.random.stateless_uniform((6, 2), (1, 2), alg="philox")
    parts = draw_on_replicas(two_replicas, 3)
    assert [len(part) for part in parts] == [3, 3]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    (alone,) = draw_on_replicas(tf.distribute.OneDeviceStrategy("CPU:0"), 6)
    np.testing.assert_array_equal(alone, whole)


def test_outside_replicas_all_rows_are_drawn(two_replicas):
    assert draw_share(tf.range, 4).shape == (4,)
    with two_replicas.scope():  # A cross-replica context.
        assert draw_share(tf.range, 4).shape == (4,)
