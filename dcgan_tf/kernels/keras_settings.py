"""Keras's settings of the process, which this project's networks don't follow.

A program may have set a policy of precision for networks of its own, and
`~/.keras/keras.json` may be written for another framework. Layers take such
settings over as they are made: networks that are said to be float32 would
round to 8 bits, and images be taken for channels first.
"""

import contextlib
from collections.abc import Iterator

import keras
from keras.src.backend.common import global_state

from dcgan_tf.context.shared_by_threads import shared_by_threads


@contextlib.contextmanager
def own_keras_settings() -> Iterator[None]:
    """Has what is built in here be as it says itself, else as Keras is new.

    Layers are float32 where they name no other policy, and take channels
    last. The program's settings are as before when no thread is in here any
    more. It decorates functions too.
    """
    with _own_process_settings(), _own_policy():
        yield


@shared_by_threads
@contextlib.contextmanager
def _own_process_settings() -> Iterator[None]:
    floatx = keras.config.floatx()
    data_format = keras.config.image_data_format()
    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
    yield
    keras.config.set_floatx(floatx)
    keras.config.set_image_data_format(data_format)


@contextlib.contextmanager
def _own_policy() -> Iterator[None]:
    """Sets the policy, of which each thread has its own."""
    # None where the thread has none yet. Keras makes one of floatx for who
    # asks, and that isn't the program's in here.
    policy = global_state.get_global_attribute("dtype_policy")
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        global_state.set_global_attribute("dtype_policy", policy)


def check_backend(name: str) -> None:
    """Refuses Keras on another framework than TensorFlow.

    Args:
        name: From `keras.config.backend()`.

    Raises:
        ImportError: Which says how to choose TensorFlow.
    """
    if name != "tensorflow":
        raise ImportError(
            f"Keras runs on {name} here, and these networks are TensorFlow's: "
            "set KERAS_BACKEND=tensorflow in the environment before Keras is "
            "imported"
        )
