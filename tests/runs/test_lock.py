"""One process at a time trains a run, and a killed one leaves no lock."""

import errno
import logging
import subprocess
import sys

import pytest

from dcgan_tf.runs import lock
from dcgan_tf.runs.lock import RunLock, RunLockedError, check_unlocked

HOLDER = """
import sys
from dcgan_tf.runs.lock import RunLock
with RunLock(sys.argv[1]):
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "locked\n"
    yield process
    process.kill()
    process.communicate(timeout=60)


def enter(run_dir):
    with RunLock(run_dir):
        pass


@pytest.mark.parametrize("attempt", [enter, check_unlocked])
def test_a_second_process_is_refused_until_the_first_is_killed(
    holder, tmp_path, attempt
):
    with pytest.raises(RunLockedError, match=f"process {holder.pid} on .*wait"):
        attempt(tmp_path)
    holder.kill()
    holder.wait(60)
    attempt(tmp_path)
    enter(tmp_path)


def test_in_one_process_too_and_again_after_an_error(tmp_path):
    with pytest.raises(KeyError), RunLock(tmp_path):
        with pytest.raises(RunLockedError):
            enter(tmp_path)
        raise KeyError
    enter(tmp_path)


def test_looking_changes_nothing(tmp_path):
    check_unlocked(tmp_path / "none")
    check_unlocked(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("fault", ["ENOLCK", "ENOTSUP", "EINVAL", "no fcntl"])
def test_where_there_are_no_locks_a_warning_says_so(
    fault, tmp_path, monkeypatch, caplog
):
    class Fcntl:
        LOCK_EX = LOCK_NB = 0

        def flock(self, *arguments):
            raise OSError(getattr(errno, fault), "cannot")

    module = None if fault == "no fcntl" else Fcntl()
    monkeypatch.setattr(lock, "fcntl", module)
    with caplog.at_level(logging.WARNING):
        check_unlocked(tmp_path)
        assert not caplog.records
        enter(tmp_path)
    (record,) = caplog.records
    assert str(tmp_path) in record.getMessage()
    assert "no other process" in record.getMessage()
