"""A signal ends a command wherever it comes."""

import pytest
from fixtures import forked

COMMAND = """
import gc, signal, sys, weakref
from dcgan_tf.cli.command import run_command

class Dying:
    def __del__(self):
        signal.raise_signal(signal.SIGTERM)

class Plain:
    pass

def in_del():
    Dying()

def in_weak_reference():
    one = Plain()
    kept = weakref.ref(one, lambda _: signal.raise_signal(signal.SIGTERM))
    del one

def in_garbage_collection():
    gc.callbacks.append(lambda *_: signal.raise_signal(signal.SIGTERM))
    gc.collect()

def in_plain_code():
    signal.raise_signal(signal.SIGTERM)

def run(values):
    globals()[sys.argv[1]]()
    print("went on")

sys.exit(run_command("command", "A command.", lambda values: None, run, []))
"""


@pytest.mark.parametrize(
    "place",
    ["in_del", "in_weak_reference", "in_garbage_collection", "in_plain_code"],
)
def test_a_signal_ends_a_command_wherever_it_comes(place):
    """Python drops what is raised in the first three."""
    result = forked.run(["-c", COMMAND, place], timeout=120)
    assert result.returncode == 75, result.stderr
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1] == (
        "command: stopped by SIGTERM; the same command starts again"
    )
    assert "Traceback" not in result.stderr
