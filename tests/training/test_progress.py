import fcntl
import io
import os
import pty
import struct
import sys
import termios

import pytest

from dcgan_tf.training.progress import Progress
from dcgan_tf.training.step_measures import StepTimer

SCALARS = {"d_loss": 1.0, "g_loss": 2.0, "images_per_second": 500.0}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_log_gets_plain_lines_with_the_time_left():
    stream = io.StringIO()
    progress = Progress(100, 0, stream)
    progress.advance()
    progress.log_metrics(40, SCALARS, seconds_per_step=2.0)
    progress.close()
    assert stream.getvalue() == (
        "step 40/100  d_loss 1.000  g_loss 2.000  500 images/s  02:00 left\n"
    )


def test_no_rate_is_shown_before_there_is_one():
    """Of the first call, which traces, none is taken."""
    timer = StepTimer(lambda: None)
    timer.count_steps(2)
    seconds = timer.take_seconds_per_step()
    stream = io.StringIO()
    Progress(2, 0, stream).log_metrics(2, SCALARS, seconds)
    assert stream.getvalue() == "step 2/2  d_loss 1.000  g_loss 2.000\n"


def test_a_terminal_gets_a_bar_that_starts_where_the_run_does():
    stream = Terminal()
    progress = Progress(100, 50, stream)
    progress.advance()
    progress.log_metrics(51, SCALARS, seconds_per_step=2.0)
    progress.log("checkpoint")
    progress.close()
    text = stream.getvalue()
    assert "51/100" in text and "500 images/s" in text
    assert "checkpoint\n" in text


def test_other_workers_are_silent():
    for stream in (io.StringIO(), Terminal()):
        progress = Progress(100, 0, stream, is_silent=True)
        progress.advance()
        progress.log("hello")
        progress.close()
        assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("columns", "terminal", "has_bar"),
    [(80, "xterm", True), (0, "xterm", False), (80, "dumb", False)],
)
def test_a_terminal_that_cannot_show_a_bar_gets_lines(
    columns, terminal, has_bar, monkeypatch
):
    monkeypatch.setenv("TERM", terminal)
    ours, theirs = pty.openpty()
    size = struct.pack("HHHH", 24, columns, 0, 0)
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
    with open(theirs, "w") as stream:
        progress = Progress(100, 0, stream)
        progress.advance()
        progress.log_metrics(40, SCALARS, seconds_per_step=2.0)
        progress.close()
        text = os.read(ours, 10_000).decode()
    os.close(ours)
    assert ("step 40/100" in text) != has_bar
    assert ("%|" in text) == has_bar


@pytest.mark.parametrize("error", [BrokenPipeError, OSError, ValueError])
def test_a_reader_that_goes_away_ends_nothing(error):
    class Closed(io.StringIO):
        def write(self, text):
            raise error

    progress = Progress(100, 0, Closed())
    progress.log("one")
    progress.log("two")
    progress.close()


def test_a_closed_standard_output_ends_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    progress = Progress(100, 0)
    progress.log("one")
    progress.close()
