"""Contexts that change the whole process, for several threads at once."""

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager


def shared_by_threads(
    make_context: Callable[[], AbstractContextManager],
) -> Callable[[], AbstractContextManager]:
    """Has the first thread in enter a context, and the last one out leave it.

    For contexts that change a setting of the process and put it back. Where
    each thread did so for itself, the first one out would take the setting
    from those still in; and the last one out would put back what it had found
    set by another thread, for good.

    Example:

    ```python
    @shared_by_threads
    @contextlib.contextmanager
    def narrow_floats():
        before = keras.config.floatx()
        keras.config.set_floatx("float16")
        yield
        keras.config.set_floatx(before)
    ```

    Args:
        make_context: Makes the context, which one thread may enter and
            another leave. It isn't told of errors in the block.

    Returns:
        A function that makes contexts to use instead. They decorate
        functions too.
    """
    lock = threading.Lock()
    opened = contextlib.ExitStack()
    num_inside = 0

    @functools.wraps(make_context)
    @contextlib.contextmanager
    def share() -> Iterator[None]:
        nonlocal num_inside
        with lock:
            if not num_inside:
                opened.enter_context(make_context())
            num_inside += 1
        try:
            yield
        finally:
            with lock:
                num_inside -= 1
                if not num_inside:
                    opened.close()

    return share
