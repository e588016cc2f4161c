"""TensorFlow's rewriting of graphs, where it would break them."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf


@contextlib.contextmanager
def without_remapping() -> Iterator[None]:
    """Runs graphs with every activation left where it is.

    TensorFlow's remapper joins a convolution, what normalises it and its
    LeakyReLU into one operation, and forgets who else looks between them,
    such as a gradient penalty or the pooling of features: it gives up with
    an error message. Functions must be called in here, not only traced.
    """
    options = tf.config.optimizer.get_experimental_options()
    tf.config.optimizer.set_experimental_options({"remapping": False})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options(
            {"remapping": options.get("remapping", True)}
        )
