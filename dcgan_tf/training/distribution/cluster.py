"""The cluster of several workers, read from TF_CONFIG or from Slurm."""

import logging
import os
import re

import tensorflow as tf

from dcgan_tf.config.json_text import read_json

_log = logging.getLogger(__name__)

# Each Slurm job gets 16 ports of its own, so that two jobs on a node don't
# meet, below the ports that Linux assigns by itself.
_SLURM_FIRST_PORT = 15_000
_SLURM_JOBS = 1_000
_SLURM_PORTS = 16

_TRAINING_TASKS = ("chief", "worker")
_EXAMPLE = (
    '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, '
    '"task": {"type": "worker", "index": 0}}'
)

ClusterResolver = tf.distribute.cluster_resolver.ClusterResolver


def count_environment_workers() -> int:
    """Returns how many workers TF_CONFIG, or else srun, has started.

    Raises:
        ValueError: If TF_CONFIG is malformed.
    """
    if "TF_CONFIG" in os.environ:
        return len(list_tasks(_read_tf_config()[0]))
    if _is_slurm_task():
        tasks = os.environ.get("SLURM_STEP_NUM_TASKS", "1")
        return int(tasks) if tasks.isdigit() else 1
    return 1


def resolve_cluster() -> ClusterResolver:
    """Returns this process's cluster and its task in it.

    Raises:
        ValueError: If there is none, or it is malformed.
    """
    if "TF_CONFIG" in os.environ:
        return _resolve_tf_config()
    if _is_slurm_task():
        return _resolve_slurm()
    raise ValueError(
        "strategy multi_worker needs a cluster: set TF_CONFIG on each worker "
        f"to such as {_EXAMPLE}, or start the workers with Slurm's srun"
    )


def list_tasks(spec: tf.train.ClusterSpec) -> list[tuple[str, int]]:
    """Returns the tasks that train, `(job, index)`, the chief first."""
    jobs = spec.as_dict()
    return [
        (job, index)
        for job in _TRAINING_TASKS
        for index in range(len(jobs.get(job, ())))
    ]


def _read_tf_config() -> tuple[tf.train.ClusterSpec, str | None, int | None]:
    """Returns the cluster, this task's job and index; ValueError if bad."""
    try:
        config = read_json(os.environ["TF_CONFIG"])
    except ValueError as error:
        raise _malformed(f"is not JSON ({error})") from error
    if not isinstance(config, dict):
        raise _malformed("is not a JSON object")
    cluster = config.get("cluster", {})
    if not isinstance(cluster, dict) or not all(
        _is_address_list(addresses) for addresses in cluster.values()
    ):
        raise _malformed('has a "cluster" that is no lists of host:port')
    others = sorted(set(cluster) - set(_TRAINING_TASKS))
    if others:
        raise _malformed(
            f"has {', '.join(others)} tasks, but only workers (and one "
            "chief) train here, each with the same command"
        )
    spec = tf.train.ClusterSpec(cluster)
    if len(list_tasks(spec)) < 2:
        return spec, None, None
    task = config.get("task")
    try:
        job, index = task["type"], int(task["index"])
    except (TypeError, KeyError, ValueError) as error:
        raise _malformed('lacks "task", its type and index') from error
    if (job, index) not in list_tasks(spec):
        raise _malformed(f"has the task {job} {index}, not in its cluster")
    return spec, job, index


def _is_address_list(addresses: object) -> bool:
    return isinstance(addresses, list) and all(
        isinstance(address, str) and re.fullmatch(r".+:\d+", address)
        for address in addresses
    )


def _malformed(problem: str) -> ValueError:
    return ValueError(f"TF_CONFIG {problem}; it must look like {_EXAMPLE}")


def _resolve_tf_config() -> ClusterResolver:
    spec, job, index = _read_tf_config()
    if job is None:
        raise ValueError(
            f"strategy multi_worker needs two workers, TF_CONFIG names "
            f"{len(list_tasks(spec))}; it must look like {_EXAMPLE}"
        )
    return _make_resolver(spec, job, index)


def _is_slurm_task() -> bool:
    """Whether srun started this process; a batch script has no step."""
    return "SLURM_PROCID" in os.environ and "SLURM_STEP_NODELIST" in os.environ


def _resolve_slurm() -> ClusterResolver:
    """Takes names and ranks, but not GPUs, from TensorFlow's resolver.

    That one divides the GPUs it sees among a node's tasks, and fails where
    there are none or where Slurm gives each task its own.
    """
    _log.warning(
        "workers started by Slurm are experimental: they have never been run"
    )
    job_id = os.environ.get("SLURM_JOB_ID", "0")
    slot = int(job_id) % _SLURM_JOBS if job_id.isdigit() else 0
    try:
        resolver = tf.distribute.cluster_resolver.SlurmClusterResolver(
            port_base=_SLURM_FIRST_PORT + _SLURM_PORTS * slot,
            gpus_per_node=_SLURM_PORTS,
            gpus_per_task=1,
            auto_set_gpu=False,
        )
        spec = resolver.cluster_spec()
    except (RuntimeError, ValueError, OSError) as error:
        raise ValueError(
            f"Slurm's environment does not describe a cluster ({error}); "
            "start the workers with srun, up to "
            f"{_SLURM_PORTS} a node, or set TF_CONFIG"
        ) from error
    job, index = resolver.get_task_info()
    host = spec.task_address(job, index).rpartition(":")[0]
    node = os.environ.get("SLURMD_NODENAME", host)
    if host != node:
        # TensorFlow sorts node9 after node10; Slurm counts.
        raise ValueError(
            f"Slurm's task {index} is on {node}, but TensorFlow's resolver "
            f"takes it to be on {host}; set TF_CONFIG on each worker"
        )
    return _make_resolver(spec, job, index)


def _make_resolver(
    spec: tf.train.ClusterSpec, job: str, index: int
) -> ClusterResolver:
    num_gpus = len(tf.config.list_physical_devices("GPU"))
    return tf.distribute.cluster_resolver.SimpleClusterResolver(
        spec,
        task_type=job,
        task_id=index,
        num_accelerators={"GPU": num_gpus},
        rpc_layer="grpc",
    )
