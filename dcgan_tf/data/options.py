"""The tf.data options of every dataset."""

import tensorflow as tf


def build_options() -> tf.data.Options:
    """Builds options: the order kept, no automatic sharding, no autotuning.

    Autotuning has a thread that wakes up once a minute after a while, and
    now and then misses that its iterator is being destroyed: a run of some
    minutes then ended up to a minute late. Without it, parallel stages use
    every core and buffers have the size that they are given.
    """
    options = tf.data.Options()
    options.deterministic = True
    options.autotune.enabled = False
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.OFF
    )
    return options
