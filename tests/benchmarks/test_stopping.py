"""A comparison that a signal stops says how to go on, and ends with 75."""

import signal
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from comparisons.stopping import Stopped, stoppable  # noqa: E402


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_what_runs_and_is_then_what_it_was(number, capsys):
    before = signal.getsignal(number)
    seen = []
    with pytest.raises(SystemExit) as ended, stoppable():
        try:
            signal.raise_signal(number)
        except Stopped:
            seen.append("tidied up")
            raise
    assert (ended.value.code, seen) == (75, ["tidied up"])
    assert "the same command goes on" in capsys.readouterr().err
    assert signal.getsignal(number) is before
