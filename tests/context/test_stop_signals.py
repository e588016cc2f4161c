"""A signal while a checkpoint is read ends it in silence."""

import gc
import logging
import signal

import pytest
import tensorflow as tf

from dcgan_tf.context.stop_signals import signals_held
from dcgan_tf.runs import checkpoints

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    pass


@pytest.fixture(params=NUMBERS, ids=lambda number: number.name)
def number(request):
    """A signal that raises."""

    def stop(*_):
        raise Stopped

    before = signal.signal(request.param, stop)
    yield request.param
    signal.signal(request.param, before)


def test_what_has_begun_is_finished_first(number):
    done = []
    with pytest.raises(Stopped), signals_held():
        signal.raise_signal(number)
        done.append(1)
    assert done
    with pytest.raises(Stopped):
        signal.raise_signal(number)


def test_an_error_gives_way_to_the_signal(number):
    with pytest.raises(Stopped) as caught, signals_held():
        signal.raise_signal(number)
        raise ValueError
    assert isinstance(caught.value.__context__, ValueError)


@pytest.mark.parametrize("action", [signal.SIG_IGN, signal.SIG_DFL])
def test_what_raises_nothing_stays(action):
    before = signal.signal(signal.SIGHUP, action)
    try:
        with signals_held():
            assert signal.getsignal(signal.SIGHUP) == action
        assert signal.getsignal(signal.SIGHUP) == action
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("partial", [True, False])
@pytest.mark.parametrize("when", ["within", "after"])
def test_a_checkpoint_that_is_being_read(
    when, partial, number, tmp_path, monkeypatch
):
    """TensorFlow would warn of each value that isn't restored."""
    parts = {name: tf.Variable([1.0] * 4) for name in ("weight", "step")}
    checkpoints.save(tmp_path, parts, 1, keep=1)
    read = tf.train.Checkpoint.read

    def read_and_stop(checkpoint, path):
        if when == "after":
            status = read(checkpoint, path)
        signal.raise_signal(number)
        return read(checkpoint, path) if when == "within" else status

    monkeypatch.setattr(tf.train.Checkpoint, "read", read_and_stop)
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    logger = logging.getLogger("tensorflow")
    logger.addHandler(handler)
    try:
        with pytest.raises(Stopped):
            checkpoints.restore(tmp_path, {"step": parts["step"]}, "1", partial)
        gc.collect()
    finally:
        logger.removeHandler(handler)
    assert not records
