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


@pytest.mark.usefixtures("hangups")
def test_a_closed_terminal_asks_once_however_often_it_is_said():
    """The system sends SIGHUP, and so does the shell."""
    before = signal.getsignal(signal.SIGHUP)
    with InterruptGuard() as guard:
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGHUP)
        assert guard.signal_number == signal.SIGHUP
    assert signal.getsignal(signal.SIGHUP) == before


@pytest.mark.parametrize(
    "number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM]
)
def test_an_ignored_signal_stays_ignored(number):
    previous = signal.signal(number, signal.SIG_IGN)
    try:
        with InterruptGuard() as guard:
            os.kill(os.getpid(), number)
            assert guard.signal_number is None
    finally:
        signal.signal(number, previous)
