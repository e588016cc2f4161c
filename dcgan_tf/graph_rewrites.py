"""TensorFlow's rewriting of graphs, where it would break or change them."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf

# Joins a convolution, what normalises it and its LeakyReLU into one operation,
# and forgets who else looks between them, such as a gradient penalty, the
# pooling of features, or the gradient of LeakyReLU where nothing normalises:
# it gives up with an error message.
REMAPPING = "remapping"
# Takes common factors out of sums, and rounds otherwise for it, in a loop's
# body by another choice than outside.
ARITHMETIC = "arithmetic_optimization"


@contextlib.contextmanager
def without_rewrites(*names: str) -> Iterator[None]:
    """Runs graphs without some rewrites, which are as before afterwards.

    Functions must be called in here, not only traced.

    Args:
        names: Of `REMAPPING` and `ARITHMETIC`.
    """
    options = tf.config.optimizer.get_experimental_options()
    tf.config.optimizer.set_experimental_options(dict.fromkeys(names, False))
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options(
            {name: options.get(name, True) for name in names}
        )
