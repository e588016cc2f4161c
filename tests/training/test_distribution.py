"""Strategies by name, clusters from the environment, workers' agreement."""

import json
import socket
import time

import pytest
import tensorflow as tf

from dcgan_tf.config import TrainingConfig
from dcgan_tf.training.distribution import cluster, workers
from dcgan_tf.training.distribution import strategy as strategies

ADDRESSES = ["127.0.0.1:2222", "127.0.0.1:2223"]
SLURM = {
    "SLURM_PROCID": "1",
    "SLURM_STEP_NODELIST": "node[01-02]",
    "SLURM_STEP_NUM_TASKS": "2",
    "SLURM_STEP_TASKS_PER_NODE": "1(x2)",
    "SLURM_JOB_ID": "7042",
    "SLURMD_NODENAME": "node02",
}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in ("TF_CONFIG", "TPU_NAME", *SLURM):
        monkeypatch.delenv(name, raising=False)


def set_tf_config(monkeypatch, **config):
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))


def set_slurm(monkeypatch, **changes):
    for name, value in {**SLURM, **changes}.items():
        monkeypatch.setenv(name, value)


def test_alone_auto_is_one_device():
    strategy = strategies.build_strategy("auto")
    assert isinstance(strategy, tf.distribute.OneDeviceStrategy)
    assert workers.num_workers(strategy) == 1
    assert workers.is_chief(strategy)


@pytest.mark.parametrize("environment", ["TF_CONFIG", "Slurm"])
def test_auto_takes_the_environments_workers(monkeypatch, environment):
    if environment == "Slurm":
        set_slurm(monkeypatch)
    else:
        set_tf_config(
            monkeypatch,
            cluster={"worker": ADDRESSES},
            task={"type": "worker", "index": 1},
        )
    monkeypatch.setattr(
        strategies, "_build_multi_worker_strategy", lambda resolver: resolver
    )
    resolver = strategies.build_strategy("auto")
    assert (resolver.task_type, resolver.task_id) == ("worker", 1)
    assert len(resolver.cluster_spec().job_tasks("worker")) == 2


@pytest.mark.parametrize("name", ["one_device", "mirrored"])
def test_one_process_of_several_does_not_train_alone(monkeypatch, name):
    set_slurm(monkeypatch)
    with pytest.raises(ValueError, match=f"{name} .* of 2 workers"):
        strategies.build_strategy(name)


def test_unknown_strategies_are_refused():
    with pytest.raises(ValueError, match="'ring' is unknown; use auto"):
        strategies.build_strategy("ring")
    with pytest.raises(ValueError, match="not supported by Keras 3"):
        TrainingConfig(strategy="parameter_server")


def test_multi_worker_needs_a_cluster():
    with pytest.raises(ValueError, match="set TF_CONFIG on each worker"):
        strategies.build_strategy("multi_worker")


@pytest.mark.parametrize(
    "text, problem",
    [
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ('{"cluster": ["a:1"]}', "no lists of host:port"),
        ('{"cluster": {"worker": ["a", "b"]}}', "no lists of host:port"),
        ('{"cluster": {"ps": ["a:1"], "worker": ["b:1"]}}', "has ps tasks"),
        ('{"cluster": {"worker": ["a:1", "b:1"]}}', 'lacks "task"'),
        (
            '{"cluster": {"worker": ["a:1", "b:1"]},'
            ' "task": {"type": "worker", "index": 2}}',
            "the task worker 2, not in its cluster",
        ),
        ('{"cluster": {"worker": ["a:1"]}}', "needs two workers"),
    ],
)
def test_malformed_tf_config_is_named(monkeypatch, text, problem):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match="TF_CONFIG.*must look like") as error:
        strategies.build_strategy("multi_worker")
    assert problem in str(error.value)


def test_the_chief_comes_first():
    spec = tf.train.ClusterSpec({"worker": ["a:1", "b:1"], "chief": ["c:1"]})
    assert cluster.list_tasks(spec) == [
        ("chief", 0),
        ("worker", 0),
        ("worker", 1),
    ]


def test_slurms_tasks_have_their_nodes_and_the_jobs_ports(monkeypatch):
    set_slurm(monkeypatch)
    resolver = cluster.resolve_cluster()
    assert resolver.task_id == 1
    tasks = resolver.cluster_spec().job_tasks("worker")
    assert [task.split(":")[0] for task in tasks] == ["node01", "node02"]
    set_slurm(monkeypatch, SLURM_JOB_ID="7043")
    later = cluster.resolve_cluster().cluster_spec().job_tasks("worker")
    assert not set(tasks) & set(later)
    assert resolver.num_accelerators() == {
        "GPU": len(tf.config.list_physical_devices("GPU"))
    }


def test_slurms_nodes_that_sort_otherwise_are_refused(monkeypatch):
    set_slurm(
        monkeypatch,
        SLURM_STEP_NODELIST="node[9-10]",
        SLURMD_NODENAME="node10",
    )
    with pytest.raises(ValueError, match="1 is on node10, .* on node9; set"):
        cluster.resolve_cluster()


def test_a_slurm_batch_script_is_no_worker(monkeypatch):
    set_slurm(monkeypatch)
    monkeypatch.delenv("SLURM_STEP_NODELIST")
    assert cluster.count_environment_workers() == 1


def test_an_incomplete_slurm_environment_is_named(monkeypatch):
    set_slurm(monkeypatch)
    monkeypatch.delenv("SLURM_STEP_TASKS_PER_NODE")
    with pytest.raises(ValueError, match="does not describe a cluster"):
        cluster.resolve_cluster()


def test_a_closed_tpu_address_is_refused_at_once():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"grpc://127.0.0.1:{unused.getsockname()[1]}"
        start = time.monotonic()
        with pytest.raises(ValueError, match="no TPU 'grpc.*--tpu=local"):
            strategies.build_strategy("tpu", address)
    assert time.monotonic() - start < 5


def test_a_silent_metadata_server_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(strategies, "_TPU_REACH_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv(
            "GCE_METADATA_IP", f"127.0.0.1:{server.getsockname()[1]}"
        )
        start = time.monotonic()
        with pytest.raises(ValueError, match="no TPU 'mine'.*timed out"):
            strategies.build_strategy("tpu", "mine")
    assert time.monotonic() - start < 5
    assert socket.getdefaulttimeout() is None


def test_alone_stopping_needs_no_agreement():
    agreement = workers.StopAgreement(tf.distribute.get_strategy())
    assert agreement.any_worker(True)
    assert not agreement.any_worker(False)


def test_differing_workers_are_told_in_what(monkeypatch, two_replicas):
    values = {"settings": (1, 2), "precision": "float32"}
    workers.check_agreement(two_replicas, values)

    def add_other_worker(strategy):
        def compute_sum(own):
            # The other one agrees on the second value alone.
            other = tf.concat([own[:2] + [1, 0], (own[:2] + [1, 0]) ** 2], 0)
            return own + other

        return compute_sum

    monkeypatch.setattr(workers, "_make_sum", add_other_worker)
    with pytest.raises(ValueError, match=r"differ in settings \(here"):
        workers.check_agreement(two_replicas, values)


class TwoWorkers(tf.distribute.MultiWorkerMirroredStrategy):
    """What `workers` asks of a strategy, as the second of two."""

    def __init__(self):
        pass

    cluster_resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": ADDRESSES}), "", "worker", 1
    )


def test_a_lost_worker_is_named():
    message = (
        "/job:worker/replica:0/task:1: Collective ops is aborted by: Socket "
        "closed, from remote target /job:worker/replica:0/task:0 while calling"
    )
    with pytest.raises(ConnectionError, match=r"^worker 0 \(127.0.0.1:2222\)"):
        with workers.lost_workers_named(TwoWorkers()):
            raise tf.errors.UnavailableError(None, None, message)


def test_other_failures_are_left_as_they_are():
    with pytest.raises(tf.errors.InternalError):
        with workers.lost_workers_named(TwoWorkers()):
            raise tf.errors.InternalError(None, None, "out of luck")
