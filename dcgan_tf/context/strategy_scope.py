"""Leaves the scope of the program's `tf.distribute` strategy."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Result = TypeVar("_Result")


def call_outside_strategies(function: Callable[[], _Result]) -> _Result:
    """Calls a function outside of any strategy's scope.

    TensorFlow has no way out of a scope but another thread, as scopes are a
    thread's. Its devices are a thread's too, so that the function is only
    called in another one where there is a scope.
    """
    import tensorflow as tf

    if not tf.distribute.has_strategy():
        return function()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()
