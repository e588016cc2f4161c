"""TensorFlow's rewriting of graphs, where it would break or change them."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf
from tensorflow.python.eager import context as eager_context

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
    """Runs this thread's graphs without some rewrites, for as long as it lasts.

    Functions must be called in here, not only traced. Other threads' graphs
    are rewritten as ever: what the process sets by
    `tf.config.optimizer.set_experimental_options`, a thread takes over when
    it first calls a function, and it would keep what is set in here.

    Args:
        names: Of `REMAPPING` and `ARITHMETIC`.
    """
    context = eager_context.context()
    before = context.function_call_options
    config = tf.compat.v1.ConfigProto.FromString(before.config_proto_serialized)
    rewrites = config.graph_options.rewrite_options
    for name in names:
        setattr(rewrites, name, rewrites.OFF)
    context.function_call_options = eager_context.FunctionCallOptions(
        before.executor_type, config
    )
    try:
        yield
    finally:
        context.function_call_options = before
