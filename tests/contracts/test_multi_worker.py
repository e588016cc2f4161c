"""Two workers, two processes: they train, stop and resume as one run."""

import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fixtures import forked
from PIL import Image

from dcgan_tf.models.discriminator import build_discriminator
from dcgan_tf.models.generator import build_generator
from dcgan_tf.runs.trained_model import load_trained_model

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
STEPS = 60
SETTINGS = (
    "--image_size=16", "--base_filters=4", "--latent_dim=8",
    "--batch_size=16", "--precision=float32", "--seed=3", "--ema_decay=0",
    "--report_every=5", "--sample_every=40", "--checkpoint_every=10",
    "--eval_every=20",
)  # fmt: skip
FEW_DIGITS = "--split=train[:400]"
# The train command, with a measure that costs nothing; it ends with the
# weights that this process holds, whether or not it writes files.
WORKER = """
import hashlib, os, sys, types
from dcgan_tf.cli import train

states, import_tensorflow = [], train.import_tensorflow

def evaluate(generator):
    import numpy as np
    return {"mean": float(np.mean(generator(np.zeros((4, 8), "float32"))))}

def import_watched():
    import_tensorflow()
    from dcgan_tf.training import resuming
    build = resuming.build_training_state
    resuming.build_training_state = (
        lambda *a: states.append(build(*a)) or states[-1])
    if "TEST_FULL_DISK" in os.environ:
        fill_disk()

def fill_disk():
    import errno
    from dcgan_tf.runs import checkpoints
    def save(*args):
        raise OSError(errno.ENOSPC, "No space left on device")
    checkpoints.save = save

sys.modules["dcgan_tf.evaluation.checkpoint_selection"] = types.SimpleNamespace(
    build_checkpoint_evaluator=lambda config, training_source: evaluate)
train.import_tensorflow = import_watched
code = train.main(sys.argv[1:])
digest = hashlib.sha256()
for state in states:
    for model in (state.generator, state.discriminator):
        for weight in model.trainable_variables:
            digest.update(weight.numpy().tobytes())
print("digest", digest.hexdigest())
sys.exit(code)
"""


# Sums gradients of these lengths, and prints those of the messages.
MESSAGES = """
import tensorflow as tf
from dcgan_tf.training.distribution.strategy import build_strategy

strategy = build_strategy("multi_worker")

def reduce_gradients():
    lengths = (300_000, 900_000, 9, 600_000)
    gradients = [tf.zeros([length]) for length in lengths]
    replica = tf.distribute.get_replica_context()
    return replica.all_reduce("SUM", gradients)

run = tf.function(lambda: strategy.run(reduce_gradients))
graph = run.get_concrete_function().graph
print(*[
    operation.inputs[0].shape.num_elements()
    for operation in graph.get_operations()
    if operation.type == "CollectiveReduceV2"
])
"""


_PORTS = itertools.count(20_000 + os.getpid() * 16 % 10_000)


def find_ports(count):
    """Ports that nobody is given by chance: below those of the system's own.

    Each is counted out once, so that no test has another's.
    """
    ports = []
    while len(ports) < count:
        port = next(_PORTS)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                ports.append(port)
    return ports


def start_python(argv, env):
    """Starts a new interpreter, as users do; most workers are forked."""
    return subprocess.Popen(
        [sys.executable, *argv],
        cwd=ROOT,
        env={**env, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def fork(argv, env):
    return forked.Program(argv, cwd=ROOT, env=env)


def start(
    run_dir,
    num_workers=2,
    steps=STEPS,
    flags=((FEW_DIGITS,), (FEW_DIGITS,)),
    full_disk=(),
    starts=(fork, fork),
):
    """Starts each worker with the same command, its place in TF_CONFIG.

    Args:
        run_dir: The run's folder.
        num_workers: How many.
        steps: For how long.
        flags: Further ones, for each worker.
        full_disk: The workers that find no room for a checkpoint.
        starts: How each worker's process starts.
    """
    addresses = [f"127.0.0.1:{port}" for port in find_ports(num_workers)]
    environment = dict(os.environ)
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    processes = []
    for index in range(num_workers):
        if num_workers > 1:
            environment["TF_CONFIG"] = json.dumps(
                {
                    "cluster": {"worker": addresses},
                    "task": {"type": "worker", "index": index},
                }
            )
        full = {"TEST_FULL_DISK": "1"} if index in full_disk else {}
        argv = [
            "-c", WORKER, f"--run_dir={run_dir}", *SETTINGS,
            f"--steps={steps}", *flags[index],
        ]  # fmt: skip
        processes.append(starts[index](argv, {**environment, **full}))
    return processes


def finish(processes, timeout=240):
    """Returns each worker's exit code, output and errors."""
    results = []
    try:
        for process in processes:
            output, errors = process.communicate(timeout=timeout)
            results.append((process.returncode, output, errors))
    finally:
        for process in processes:
            process.kill()
    return results


def signal_at(run_dir, step, victim, number, starts):
    """Signals a worker when the chief reports a step; returns the results."""
    processes = start(run_dir, starts=starts)
    for line in processes[0].stdout:
        if line.startswith(f"step {step}/"):
            break
    processes[victim].send_signal(number)
    # Longer than a heartbeat's time-out: who waits on is stuck.
    return finish(processes, timeout=120)


def list_checkpoints(run_dir):
    names = (path.stem for path in (run_dir / "checkpoints").glob("*.index"))
    return sorted(int(name.removeprefix("ckpt-")) for name in names)


def assert_same_weights(run_dir, expected_dir):
    """Asserts that two runs went the same way, up to rounding.

    Workers sum in another order than one process. Adam's first steps are of
    the learning rate's size whatever the gradient's, so that rounding may
    turn the steps of weights whose gradient is all but zero.
    """
    got, expected = (
        load_trained_model(run_dir),
        load_trained_model(expected_dir),
    )
    assert got.step == expected.step == STEPS
    seed = expected.config.training.seed
    for name, build in (
        ("generator", build_generator),
        ("discriminator", build_discriminator),
    ):
        start, end, wanted = (
            np.concatenate([w.numpy().ravel() for w in m.trainable_weights])
            for m in (
                build(expected.config.model, seed=seed),
                getattr(got, name),
                getattr(expected, name),
            )
        )
        way = np.linalg.norm(wanted - start)
        assert np.linalg.norm(end - wanted) < 0.1 * way, name


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """A run of two workers and its results."""
    run_dir = tmp_path_factory.mktemp("workers") / "run"
    results = finish(start(run_dir))
    for code, _, errors in results:
        assert code == 0, errors
    return run_dir, results


def test_workers_end_with_the_same_weights(unbroken):
    _, results = unbroken
    digests = [re.search("digest (.*)", r[1])[1] for r in results]
    assert digests[0] == digests[1]


def test_two_workers_train_as_one_process(unbroken, tmp_path):
    ((code, output, errors),) = finish(start(tmp_path / "run", 1))
    assert code == 0, errors
    assert_same_weights(unbroken[0], tmp_path / "run")


def test_only_the_chief_leaves_files(unbroken):
    run_dir, results = unbroken
    assert {path.name for path in (run_dir / "checkpoints").iterdir()} >= {
        "best.json",
        f"ckpt-{STEPS}.index",
    }
    assert not list(run_dir.rglob(".writing-*"))
    # TensorBoard's files have their writer's process id in their names.
    logs = [path.name.split(".")[-3] for path in (run_dir / "logs").iterdir()]
    assert len(set(logs)) == 1
    # The other worker says nothing.
    assert results[1][1].startswith("digest")
    assert "Done" in results[0][1]


def test_gradients_go_in_several_messages_the_last_first():
    """The backward pass finds the last layer's first."""
    addresses = [f"127.0.0.1:{port}" for port in find_ports(2)]
    processes = []
    for index in range(2):
        config = {
            "cluster": {"worker": addresses},
            "task": {"type": "worker", "index": index},
        }
        environment = {**os.environ, "TF_CONFIG": json.dumps(config)}
        processes.append(fork(["-c", MESSAGES], environment))
    for code, output, errors in finish(processes, timeout=120):
        assert code == 0, errors
        # Of two megabytes or more each, but for what is left.
        assert output.split() == ["600000", "900009", "300000"]


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """A run whose workers stop, and die, in turn; and what each time gave."""
    run_dir = tmp_path_factory.mktemp("broken") / "run"
    history = {}
    forked_both = (fork, fork)
    for step, victim, number, starts in (
        (10, 1, signal.SIGTERM, forked_both),
        (20, 0, signal.SIGTERM, forked_both),
        (35, 1, signal.SIGKILL, forked_both),
        # TensorFlow has much to say to the one that is left, if its level
        # was not set in time.
        (45, 0, signal.SIGKILL, (fork, start_python)),
    ):
        results = signal_at(run_dir, step, victim, number, starts)
        history[number, victim] = (results, list_checkpoints(run_dir))
    history["end"] = finish(start(run_dir))
    return run_dir, history


@pytest.mark.parametrize("victim", [0, 1])
def test_a_stopped_worker_stops_all_after_the_same_step(broken, victim):
    results, steps = broken[1][signal.SIGTERM, victim]
    assert [code for code, _, _ in results] == [75, 75], results
    stopped = re.search(r"Stopped after step (\d+)", results[0][1])
    assert steps[-1] == int(stopped[1])
    digests = [re.search("digest (.*)", r[1])[1] for r in results]
    assert digests[0] == digests[1]


@pytest.mark.parametrize("victim", [0, 1])
def test_a_killed_worker_ends_the_other_in_words(broken, victim):
    results, _ = broken[1][signal.SIGKILL, victim]
    code, _, errors = results[1 - victim]
    assert code == 75
    lines = errors.strip().splitlines()
    assert len(lines) == 1, errors
    assert lines[0].startswith(f"train.py: error: worker {victim} (127.0.0.1:")
    assert "same command" in lines[0]


def test_the_same_commands_go_on_to_the_unbroken_runs_end(broken, unbroken):
    run_dir, history = broken
    assert [code for code, _, _ in history["end"]] == [0, 0]
    step = re.search("resuming from step (\\d+)", history["end"][0][1])
    assert int(step[1]) >= 40
    assert_same_weights(run_dir, unbroken[0])
    assert not list(run_dir.rglob(".writing-*"))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two folders of as many images, of the same names."""
    root = tmp_path_factory.mktemp("folders")
    for seed, name in enumerate(("ours", "theirs")):
        (root / name).mkdir()
        rng = np.random.default_rng(seed)
        for i in range(16):
            pixels = rng.integers(0, 256, (16, 16, 3), np.uint8)
            Image.fromarray(pixels).save(root / name / f"{i}.png")
    return root


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        (("--image_dir=ours", "--image_dir=theirs"), "the images"),
        (
            ("--image_dir=ours --crop=8", "--image_dir=ours"),
            "data settings",
        ),
    ],
    ids=["images", "crop"],
)
def test_workers_with_other_data_are_refused_in_words(
    folders, tmp_path, flags, name
):
    flags = [flag.replace("dir=", f"dir={folders}/").split() for flag in flags]
    results = finish(start(tmp_path / "run", flags=flags), timeout=120)
    for code, _, errors in results:
        assert code == 1, errors
        lines = errors.strip().splitlines()
        assert len(lines) == 1, errors
        assert f"workers differ in {name} (here" in lines[0]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("victim", [0, 1])
def test_a_worker_that_fails_leaves_none_hanging(tmp_path, victim):
    # Conditional: only the chief may read the classes that it records.
    flags = ("--batch_norm=replica", "--accumulate=2", "--conditional")
    flags = [(FEW_DIGITS, *flags)] * 2
    processes = start(tmp_path / "run", full_disk=[victim], flags=flags)
    results = finish(processes, timeout=240)
    code, _, errors = results[victim]
    assert code == 1
    assert errors.count("\n") == 1 and "no space left" in errors, errors
    code, _, errors = results[1 - victim]
    assert code == 75
    assert errors.count("\n") == 1 and f"worker {victim} (" in errors, errors


def test_lost_patience_stops_all_after_the_same_step(tmp_path):
    flags = [(FEW_DIGITS, "--eval_every=2", "--patience=1")] * 2
    results = finish(start(tmp_path / "run", steps=500, flags=flags))
    assert [code for code, _, _ in results] == [0, 0], results
    digests = [re.search("digest (.*)", r[1])[1] for r in results]
    assert digests[0] == digests[1]
    assert "no better" in results[0][1]
    assert list_checkpoints(tmp_path / "run")[-1] < 500
