import os
import signal

import pytest

from dcgan_tf.training.interrupts import InterruptGuard


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_is_remembered_and_the_second_acts(number):
    received = []
    previous = signal.signal(number, lambda *_: received.append("outer"))
    try:
        with InterruptGuard() as guard:
            assert guard.signal_number is None
            os.kill(os.getpid(), number)
            assert guard.signal_number == number and not received
            os.kill(os.getpid(), number)
            assert received == ["outer"]
    finally:
        signal.signal(number, previous)


def test_handlers_come_back():
    before = signal.getsignal(signal.SIGTERM)
    with InterruptGuard():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
