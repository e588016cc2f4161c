"""However a run ends: the newest state, one line, the documented exit code."""

import errno
import functools
import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import tensorflow as tf
from fixtures import forked

from dcgan_tf import images
from dcgan_tf.cli import train
from dcgan_tf.runs import checkpoints, folder
from dcgan_tf.runs.lock import LOCK_FILE
from dcgan_tf.runs.metrics import MetricsWriter
from dcgan_tf.training import recorder, resources
from dcgan_tf.training.batches import BatchFeed
from dcgan_tf.training.progress import Progress
from dcgan_tf.training.step import GradientTapeStep

pytestmark = pytest.mark.usefixtures("few_digits")
ROOT = Path(__file__).parents[2]
TINY = (
    "--image_size=16", "--base_filters=4", "--latent_dim=8",
    "--batch_size=16", "--strategy=one_device", "--precision=float32",
    "--report_every=2", "--sample_every=2", "--checkpoint_every=2",
)  # fmt: skip


@pytest.fixture(scope="module")
def two_steps(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("ends") / "run"
    assert train.main([*TINY, "--steps=2", f"--run_dir={run_dir}"]) == 0
    return run_dir


@pytest.fixture
def resume(two_steps, tmp_path, capfd):
    """Resumes a copy of a run of two steps, up to six."""
    run_dir = tmp_path / "run"
    shutil.copytree(two_steps, run_dir)

    def resume():
        code = train.main([*TINY, "--steps=6", f"--run_dir={run_dir}"])
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    resume.run_dir = run_dir
    return resume


def assert_resumes(resume):
    """Nothing is half written, and the same command reaches the end."""
    leftovers = [
        path
        for path in resume.run_dir.rglob("*")
        if "partial" in path.name
        # The lock's file may stay: the system frees the lock itself.
        or (path.name.startswith(".") and path.name != LOCK_FILE)
    ]
    assert not leftovers
    code, _, errors = resume()
    assert code == 0 and not errors
    assert checkpoints.list_steps(resume.run_dir)[-1] == 6


@pytest.fixture(autouse=True)
def heard_interrupts():
    """A shell starts what runs in its background with SIGINT ignored."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


def call_at(function, number, act):
    """Makes a function act before its call of that number, from 1."""
    calls = []

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        calls.append(None)
        if len(calls) == number:
            act()
        return function(*args, **kwargs)

    return wrapper


def send(*numbers):
    for number in numbers:
        # Of the process, another thread might take it, and two be one.
        signal.pthread_kill(threading.main_thread().ident, number)


@pytest.mark.parametrize(
    "numbers",
    [
        (signal.SIGINT, signal.SIGHUP),
        # A closed terminal: from the system, and from the shell.
        (signal.SIGHUP, signal.SIGHUP),
    ],
    ids=str,
)
@pytest.mark.usefixtures("hangups")
def test_a_signal_saves_the_step_and_ends_with_75(resume, numbers, monkeypatch):
    act = functools.partial(send, *numbers)
    monkeypatch.setattr(Progress, "advance", call_at(Progress.advance, 1, act))
    code, output, errors = resume()
    assert (code, errors) == (75, "")
    assert "Stopped after step 3 of 6; checkpoint saved" in output
    assert checkpoints.list_steps(resume.run_dir) == [2, 3]


@pytest.mark.parametrize("number", [signal.SIGINT])
def test_a_second_signal_ends_it_at_once_in_one_line(
    resume, number, monkeypatch
):
    act = functools.partial(send, number, number)
    monkeypatch.setattr(checkpoints, "save", call_at(checkpoints.save, 1, act))
    code, _, errors = resume()
    assert code == 75
    assert errors.count("\n") == 1 and number.name in errors
    assert checkpoints.list_steps(resume.run_dir) == [2]
    monkeypatch.undo()
    assert_resumes(resume)


def test_an_ignored_signal_stays_ignored(resume, monkeypatch):
    """As under nohup."""
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        act = functools.partial(send, signal.SIGHUP)
        advance = call_at(Progress.advance, 1, act)
        monkeypatch.setattr(Progress, "advance", advance)
        assert resume()[0] == 0
    finally:
        signal.signal(signal.SIGHUP, previous)


def fail(error):
    raise error


FULL = OSError(errno.ENOSPC, "No space left on device")
QUOTA = OSError(errno.EDQUOT, "Disk quota exceeded")
TF_FULL = tf.errors.ResourceExhaustedError(
    None, None, "/a/b; No space left on device [Op:SaveV2]\n" + "page\n" * 50
)


@pytest.mark.parametrize(
    ("owner", "name", "error", "saved"),
    [
        (checkpoints, "save", TF_FULL, [2, 4]),
        (images, "save_png", FULL, [2, 4]),
        (MetricsWriter, "write", QUOTA, [2, 4]),
    ],
    ids=["checkpoint", "samples", "metrics"],
)
def test_a_full_disk_is_one_line_and_the_newest_state_is_saved(
    resume, owner, name, error, saved, monkeypatch
):
    act = functools.partial(fail, error)
    monkeypatch.setattr(owner, name, call_at(getattr(owner, name), 1, act))
    code, output, errors = resume()
    assert code == 1
    assert errors.count("\n") == 1, errors
    assert "no space left" in errors and str(resume.run_dir) in errors
    assert "free" in errors and "needed" in errors
    # The disk had room again at once; else the one before would be left.
    assert checkpoints.list_steps(resume.run_dir) == saved
    monkeypatch.undo()
    assert_resumes(resume)


@pytest.mark.parametrize(
    ("name", "error"),
    [("save_curves", FULL), ("sample_grids", ValueError("a bug"))],
)
def test_what_is_only_drawn_never_ends_a_good_run_badly(
    resume, name, error, monkeypatch
):
    def draw(*_):
        raise error

    if name == "sample_grids":
        monkeypatch.setattr(recorder.sample_grids, "save_samples_gif", draw)
    else:
        monkeypatch.setattr(recorder, name, draw)
    code, output, errors = resume()
    assert (code, errors) == (0, "")
    lines = [line for line in output.splitlines() if "could not" in line]
    assert len(lines) == 1
    assert checkpoints.list_steps(resume.run_dir)[-1] == 6


@pytest.mark.parametrize(
    "error",
    [
        tf.errors.ResourceExhaustedError(
            None, None, "OOM when allocating tensor\n" + "page\n" * 50
        ),
        MemoryError("std::bad_alloc"),
    ],
    ids=["gpu", "host"],
)
def test_too_little_memory_is_one_line_with_numbers(resume, error, monkeypatch):
    act = functools.partial(fail, error)
    step = call_at(GradientTapeStep.train_step, 2, act)
    monkeypatch.setattr(GradientTapeStep, "train_step", step)
    code, _, errors = resume()
    assert code == 1
    assert errors.count("\n") == 1, errors
    for part in (
        "out of memory", "--batch_size=8", "--accumulate=2", "--cache=off",
    ):  # fmt: skip
        assert part in errors
    # A half-done update is not saved.
    assert checkpoints.list_steps(resume.run_dir) == [2]


def test_a_failure_between_two_steps_saves_the_last_one(resume, monkeypatch):
    act = functools.partial(fail, OSError("the drive went away"))
    # The first batch is taken by the loop, before there is a step to save.
    fetch = call_at(BatchFeed.fetch, 2, act)
    monkeypatch.setattr(BatchFeed, "fetch", fetch)
    code, _, errors = resume()
    assert code == 1
    assert errors.count("\n") == 1 and "the drive went away" in errors
    assert checkpoints.list_steps(resume.run_dir) == [2, 3]


def test_a_run_that_cannot_fit_is_refused_before_its_first_step(
    tmp_path, capfd, monkeypatch
):
    monkeypatch.setattr(
        resources.failures, "find_free_bytes", lambda path: 100_000
    )
    run_dir = tmp_path / "run"
    code = train.main([*TINY, "--steps=200", f"--run_dir={run_dir}"])
    errors = capfd.readouterr().err
    assert code == 1
    assert errors.count("\n") == 1
    for part in (str(run_dir), "100.0 kB", "4 checkpoints", "keep_checkpoints"):
        assert part in errors
    assert not run_dir.exists()


@pytest.mark.root
def test_a_disk_that_really_fills_and_gets_room_again(tmp_path, capfd):
    """On a small file system in memory, where this process may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system may be mounted by this user")
    try:
        argv = [*TINY, "--steps=40", f"--run_dir={disk / 'run'}"]
        assert train.main([*argv, "--keep_checkpoints=1"]) == 1
        errors = capfd.readouterr().err
        assert errors.count("\n") == 1, errors
        assert str(disk) in errors and "no space left" in errors
        (step,) = checkpoints.list_steps(disk / "run")
        folder.load_run_config(disk / "run")
        subprocess.run(["mount", "-o", "remount,size=4m", disk], check=True)
        assert train.main([*argv, "--keep_checkpoints=1"]) == 0
        assert f"step {step}" in capfd.readouterr().out
    finally:
        # TensorFlow may still hold its log open.
        subprocess.run(["umount", "-l", disk], check=True)


def hear_ctrl_c():
    # A shell that started the tests in the background ignores it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


# `train`, with a signal to its own process as a module is first imported.
_INTERRUPTING = """
import os, signal, sys
module, number, *argv = sys.argv[1:]
def hook(event, args, seen=[]):
    if event == "import" and args[0] == module and not seen:
        seen.append(True)
        os.kill(os.getpid(), int(number))
sys.addaudithook(hook)
from dcgan_tf.cli import train
sys.exit(train.main(argv))
"""


def call_python(argv):
    """Runs a new interpreter, which has TensorFlow still to import."""
    return subprocess.run(
        [sys.executable, *argv],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        preexec_fn=hear_ctrl_c,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "number", "call"),
    [
        ("tensorflow.python.framework.ops", signal.SIGINT, call_python),
        ("dcgan_tf.data.open_source", signal.SIGTERM, forked.run),
        ("dcgan_tf.training.loop", signal.SIGHUP, forked.run),
    ],
)
def test_a_signal_before_the_loop_is_one_line(tmp_path, module, number, call):
    argv = [module, str(int(number)), *TINY, "--steps=2"]
    done = call(["-c", _INTERRUPTING, *argv, f"--run_dir={tmp_path / 'run'}"])
    assert done.returncode == 75, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert number.name in done.stderr and "same command" in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize("closing", ["reader", "streams"])
def test_output_that_nobody_reads_does_not_stop_training(tmp_path, closing):
    argv = ["train.py", *TINY, "--sample_every=20", "--checkpoint_every=20"]
    argv.append("--split=train[:400]")
    argv += ["--steps=40", f"--run_dir={tmp_path / 'run'}"]
    if closing == "reader":
        process = forked.Program(argv, cwd=ROOT)
        while not process.stdout.readline().startswith("step 2/40"):
            assert process.poll() is None
        process.stdout.close()
        assert process.wait(timeout=120) == 0
        assert process.errors == ""
    else:
        process = subprocess.Popen(
            ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, *argv],
            cwd=ROOT,
        )
        assert process.wait(timeout=120) == 0
    assert checkpoints.list_steps(tmp_path / "run")[-1] == 40
    assert (tmp_path / "run" / "samples" / "samples.gif").exists()


@pytest.mark.slow
def test_a_closed_terminal_ends_it_with_a_checkpoint(tmp_path):
    run_dir = tmp_path / "run"
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        argv = ["train.py", *TINY, "--steps=1000000", "--split=train[:400]"]
        argv.append(f"--run_dir={run_dir}")
        os.execv(sys.executable, [sys.executable, *argv])
    seen = b""
    while b"d_loss" not in seen:
        seen += os.read(terminal, 1000)
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 75
    step = checkpoints.list_steps(run_dir)[-1]
    assert step < 1_000_000
    assert not list(run_dir.rglob("*.partial"))
