"""Threads that are in a block at once have what it says, and leave no trace."""

import contextlib
import random
import threading
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.eager import context as eager_context

from dcgan_tf.context.graph_rewrites import (
    ARITHMETIC,
    REMAPPING,
    without_rewrites,
)
from dcgan_tf.context.random_states import keep_random_states
from dcgan_tf.context.shared_by_threads import shared_by_threads
from dcgan_tf.kernels.keras_settings import own_keras_settings
from dcgan_tf.serving.lite import convert


def list_keras_settings():
    config = keras.config
    settings = config.floatx(), config.image_data_format()
    return (*settings, config.dtype_policy().name)


def list_rewrites():
    options = eager_context.context().function_call_options
    serialized = options.config_proto_serialized
    config = tf.compat.v1.ConfigProto.FromString(serialized)
    rewrites = config.graph_options.rewrite_options
    return rewrites.remapping, rewrites.arithmetic_optimization


def list_random_states():
    return random.getstate(), np.random.get_state()[1].tolist()


def ignores_interpreter():
    return any("Interpreter" in str(rule[1]) for rule in warnings.filters)


@contextlib.contextmanager
def draw_inside():
    with keep_random_states():
        random.random(), np.random.random()
        yield
        random.random(), np.random.random()


# What is in a block, how to look at it, and what is seen there; None for
# anything.
MEMBERS = {
    "keras": (
        own_keras_settings,
        list_keras_settings,
        ("float32", "channels_last", "float32"),
    ),
    "rewrites": (
        lambda: without_rewrites(REMAPPING, ARITHMETIC),
        list_rewrites,
        (2, 2),
    ),
    "random": (draw_inside, list_random_states, None),
    "warnings": (
        convert._interpreter_warning_ignored,
        ignores_interpreter,
        True,
    ),
}


@pytest.fixture(autouse=True)
def odd_settings():
    before = keras.config.floatx(), keras.config.image_data_format()
    policy = keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_image_data_format("channels_first")
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_floatx(before[0])
    keras.config.set_image_data_format(before[1])
    keras.config.set_dtype_policy(policy)


class Other:
    """Another thread that is in a block until it is told to leave."""

    def __init__(self, make_context, look):
        self._entered, self._told = threading.Event(), threading.Event()
        self.seen = {}
        self._thread = threading.Thread(
            target=self._run, args=(make_context, look)
        )
        self._thread.start()
        assert self._entered.wait(60)

    def _run(self, make_context, look):
        with make_context():
            self._entered.set()
            self._told.wait(60)
            self.seen["inside"] = look()
        self.seen["after"] = look()

    def leave(self):
        self._told.set()
        self._thread.join(60)


@pytest.mark.parametrize("is_first_in", [True, False])
@pytest.mark.parametrize("is_first_out", [True, False])
@pytest.mark.parametrize("name", MEMBERS)
def test_threads_keep_what_a_block_says(name, is_first_in, is_first_out):
    make_context, look, expected = MEMBERS[name]
    before = look()
    with contextlib.ExitStack() as stack:
        if is_first_in:
            stack.enter_context(make_context())
        other = Other(make_context, look)
        if not is_first_in:
            stack.enter_context(make_context())
        if is_first_out:
            stack.close()
            other.leave()
        else:
            other.leave()
            assert expected in (look(), None)
    assert expected in (other.seen["inside"], None)
    assert look() == before


def test_a_new_threads_policy_is_of_the_programs_floats():
    """Keras makes it when it is first asked for, of whatever floats are."""
    is_out, is_alone = threading.Event(), threading.Event()
    seen = []

    def run():
        with own_keras_settings():
            seen.append(keras.config.dtype_policy().name)
        is_out.set()
        is_alone.wait(60)
        seen.append(keras.config.dtype_policy().name)

    thread = threading.Thread(target=run)
    with own_keras_settings():
        thread.start()
        assert is_out.wait(60)
    is_alone.set()
    thread.join(60)
    assert seen == ["float32", "float64"]


def test_other_threads_graphs_are_rewritten_as_ever():
    before = list_rewrites()
    with without_rewrites(REMAPPING):
        assert list_rewrites() != before
        other = Other(contextlib.nullcontext, list_rewrites)
        other.leave()
    assert other.seen == {"inside": before, "after": before}


def test_an_error_leaves_the_block_too():
    events = []

    @shared_by_threads
    @contextlib.contextmanager
    def record():
        events.append("in")
        yield
        events.append("out")

    for _ in range(2):
        with pytest.raises(KeyError), record(), record():
            raise KeyError
    assert events == ["in", "out"] * 2
    assert record()(lambda: len(events))() == 5
