"""Has TensorFlow's debuggers look away from graphs that are to last."""

import contextlib
from collections.abc import Iterator

from tensorflow.python.eager import context as eager_context


@contextlib.contextmanager
def without_op_callbacks() -> Iterator[None]:
    """Leaves this thread's operations alone, for as long as it lasts.

    `tf.debugging.enable_check_numerics` and `enable_dump_debug_info` add
    operations to each graph that is traced after them, also to one that is
    saved and served elsewhere. They go on afterwards, as they were set. It
    decorates functions too.
    """
    context = eager_context.context()
    callbacks = list(context.op_callbacks)
    for callback in callbacks:
        context.remove_op_callback(callback)
    try:
        yield
    finally:
        for callback in callbacks:
            context.add_op_callback(callback)
