"""Refuses calls from where TensorFlow builds a graph."""

import functools
from collections.abc import Callable
from typing import TypeVar

_Function = TypeVar("_Function", bound=Callable)


def outside_graphs(function: _Function) -> _Function:
    """Has a function refuse to be called while a graph is being built.

    What computes arrays, reads files or trains has no values there, and what
    is loaded would be of that graph, which nothing of it outlives.

    Raises:
        ValueError: When it is called in `tf.function` or in a `tf.Graph`.
    """

    @functools.wraps(function)
    def call(*args, **kwargs):
        check_outside_graphs(function.__qualname__)
        return function(*args, **kwargs)

    return call


def check_outside_graphs(name: str) -> None:
    """Refuses a call while a graph is being built.

    Args:
        name: What is called.

    Raises:
        ValueError: When it is called in `tf.function` or in a `tf.Graph`.
    """
    import tensorflow as tf  # Whoever calls has imported it long ago.

    if not tf.executing_eagerly():
        raise ValueError(
            f"{name} is called while a graph is being built; call it outside "
            "of tf.function and tf.Graph, with TensorFlow's eager execution on"
        )
