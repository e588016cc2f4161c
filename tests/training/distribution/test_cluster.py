"""Clusters from the environment: TF_CONFIG and Slurm."""

import pytest
import tensorflow as tf
from fixtures.slurm import set_slurm

from dcgan_tf.training.distribution import cluster
from dcgan_tf.training.distribution import strategy as strategies


@pytest.mark.parametrize(
    "text, problem",
    [
        ("{", "is not JSON"),
        ("[" * 200_000, "is not JSON"),
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
