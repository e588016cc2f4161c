"""A name -> a tf.distribute strategy, and agreement between workers."""

import json
import os

import tensorflow as tf

_SLURM_PORT = 8888


def build_strategy(name: str, tpu: str | None = None) -> tf.distribute.Strategy:
    """Builds the strategy that a run trains under.

    Call it before TensorFlow has run anything: several workers connect to
    each other here.

    Args:
        name: `one_device`, `mirrored` (all local GPUs, or logical CPU
            devices where there is no GPU), `multi_worker` (the cluster in
            `TF_CONFIG`, or Slurm's), `tpu`, or `auto`: several workers
            where `TF_CONFIG` names a cluster, else mirrored over several
            GPUs, else one device.
        tpu: Name or address of the TPU; None for the environment's.

    Raises:
        ValueError: If the name is unknown, or what it needs isn't there.
    """
    if name == "auto":
        name = _choose_strategy()
    if name == "one_device":
        has_gpu = bool(tf.config.list_logical_devices("GPU"))
        return tf.distribute.OneDeviceStrategy("GPU:0" if has_gpu else "CPU:0")
    if name == "mirrored":
        devices = tf.config.list_logical_devices(
            "GPU"
        ) or tf.config.list_logical_devices("CPU")
        return tf.distribute.MirroredStrategy([d.name for d in devices])
    if name == "multi_worker":
        return tf.distribute.MultiWorkerMirroredStrategy(
            cluster_resolver=_resolve_cluster()
        )
    if name == "tpu":
        return _build_tpu_strategy(tpu)
    raise ValueError(
        f"strategy {name!r} is unknown; use auto, one_device, mirrored, "
        "multi_worker or tpu"
    )


def _choose_strategy() -> str:
    if len(_get_cluster().get("worker", ())) > 1:
        return "multi_worker"
    if len(tf.config.list_physical_devices("GPU")) > 1:
        return "mirrored"
    return "one_device"


def _get_cluster() -> dict:
    text = os.environ.get("TF_CONFIG", "{}")
    try:
        return json.loads(text).get("cluster", {})
    except (json.JSONDecodeError, AttributeError) as error:
        raise ValueError(
            f"TF_CONFIG is not a JSON object: {error}; it must look like "
            '{"cluster": {"worker": ["host:port", ...]}, '
            '"task": {"type": "worker", "index": 0}}'
        ) from error


def _resolve_cluster() -> tf.distribute.cluster_resolver.ClusterResolver:
    resolvers = tf.distribute.cluster_resolver
    if _get_cluster():
        return resolvers.TFConfigClusterResolver()
    if "SLURM_PROCID" in os.environ:
        return resolvers.SlurmClusterResolver(port_base=_SLURM_PORT)
    raise ValueError(
        "strategy multi_worker needs a cluster: set TF_CONFIG on each worker "
        "(see deploy/README.md), or start the workers with Slurm's srun"
    )


def _build_tpu_strategy(tpu: str | None) -> tf.distribute.Strategy:
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu or "")
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (ValueError, RuntimeError, tf.errors.OpError) as error:
        raise ValueError(
            f"no TPU {tpu or 'in this environment'!r}: {error}; give its "
            "name or grpc:// address as --tpu, on a machine that reaches it"
        ) from error
    return tf.distribute.TPUStrategy(resolver)


def num_workers(strategy: tf.distribute.Strategy) -> int:
    """Returns how many processes train together."""
    resolver = strategy.cluster_resolver
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return 1
    return len(resolver.cluster_spec().job_tasks("worker"))


def worker_index(strategy: tf.distribute.Strategy) -> int:
    """Returns this process's place among them, from 0."""
    if num_workers(strategy) == 1:
        return 0
    return strategy.cluster_resolver.task_id or 0


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes the run's files."""
    return worker_index(strategy) == 0


class StopAgreement:
    """Lets all workers stop after the same step when any is told to.

    A worker that left alone would leave the others waiting in a collective
    operation. With one worker nothing is exchanged.
    """

    def __init__(self, strategy: tf.distribute.Strategy):
        self._strategy = strategy
        self._is_alone = num_workers(strategy) == 1

    def any_worker(self, wants_stop: bool) -> bool:
        """Returns whether this or any other worker wants to stop."""
        if self._is_alone:
            return wants_stop
        votes = self._count_votes(tf.constant(float(wants_stop)))
        return bool(votes.numpy() > 0)

    @tf.function
    def _count_votes(self, vote):
        votes = self._strategy.run(tf.identity, args=(vote,))
        return self._strategy.reduce("SUM", votes, axis=None)
