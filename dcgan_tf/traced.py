"""Functions that TensorFlow traces to graphs, each counted for itself."""

import functools
from collections.abc import Callable

import tensorflow as tf


def traced(function: Callable) -> tf.types.experimental.PolymorphicFunction:
    """Makes a graph function, without AutoGraph; it decorates functions too.

    TensorFlow warns in a paragraph of a function that traces in most of its
    calls, and counts all that are made of the same lines as one: a program
    that loads five runs and draws from each would be told to define its
    functions outside of the loop. What is wrapped counts for itself.

    Args:
        function: From tensors to tensors. Tensors of a second shape make it
            one of any shape.
    """
    return tf.function(
        functools.partial(function), autograph=False, reduce_retracing=True
    )
