"""The random states of a program that calls the library."""

import contextlib
import random
from collections.abc import Iterator

import numpy as np

from dcgan_tf.context.shared_by_threads import shared_by_threads


@shared_by_threads
@contextlib.contextmanager
def keep_random_states() -> Iterator[None]:
    """Leaves Python's and NumPy's global generators as it found them.

    Keras seeds them with TensorFlow's, and a program that calls the library
    has its own use for them. TensorFlow's state can't be put back: its
    operations count what they have drawn where nobody can read it.
    """
    python_state, numpy_state = random.getstate(), np.random.get_state()
    yield
    random.setstate(python_state)
    np.random.set_state(numpy_state)
