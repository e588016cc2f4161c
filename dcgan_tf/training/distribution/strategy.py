"""Builds the tf.distribute strategy that a run trains under."""

import functools
import logging
import signal
import socket
import threading

import tensorflow as tf
from tensorflow.compiler.xla.tsl.protobuf import coordination_config_pb2
from tensorflow.python.eager import context as eager_context

from dcgan_tf.setting_names import name_setting
from dcgan_tf.training.distribution.cluster import (
    ClusterResolver,
    count_environment_workers,
    list_tasks,
    resolve_cluster,
)
from dcgan_tf.training.distribution.workers import WorkerLostError

_log = logging.getLogger(__name__)

# A worker that sends no heartbeat for so long counts as lost. TensorFlow's 10
# seconds are less than a busy or briefly suspended machine may need.
_HEARTBEAT_SECONDS = 40
# How long the first worker waits for the last, and after how long it logs so.
_MEETING_SECONDS = 900
_PATIENCE_SECONDS = 30
_TPU_REACH_SECONDS = 10
# Gradients go in messages of about so many bytes, each once all of it is
# computed, while the backward pass goes on: a tenth faster over 1 Gbit/s
# (deploy/README.md). TensorFlow's own choice is one message for a network.
_BYTES_PER_MESSAGE = 2_000_000


def build_strategy(name: str, tpu: str | None = None) -> tf.distribute.Strategy:
    """Builds a strategy by name.

    Call it before TensorFlow has run any operation: several workers connect
    to each other here.

    Args:
        name: `one_device`, `mirrored` (all local GPUs, or logical CPU
            devices where there is no GPU), `multi_worker` (the cluster in
            `TF_CONFIG`, or Slurm's), `tpu`, or `auto`: `multi_worker`
            where `TF_CONFIG` or srun started several workers, else
            `mirrored` over several GPUs, else `one_device`. TPUs and Slurm
            are experimental: neither has been run.
        tpu: Name or address of the TPU; None for the environment's.

    Raises:
        ValueError: If the name is unknown, or what it needs isn't there.
        WorkerLostError: If the workers can't connect.
    """
    if name == "auto":
        name = _choose_strategy()
    if name in ("one_device", "mirrored"):
        _check_alone(name)
        gpus = tf.config.list_logical_devices("GPU")
        devices = gpus or tf.config.list_logical_devices("CPU")
        if name == "one_device":
            return tf.distribute.OneDeviceStrategy(devices[0].name)
        return mirror_over(tuple(device.name for device in devices))
    if name == "multi_worker":
        return _build_multi_worker_strategy(resolve_cluster())
    if name == "tpu":
        return _build_tpu_strategy(tpu)
    raise ValueError(
        f"strategy {name!r} is unknown; use auto, one_device, mirrored, "
        "multi_worker or tpu"
    )


@functools.cache
def mirror_over(devices: tuple[str, ...]) -> tf.distribute.MirroredStrategy:
    """Builds the one strategy of a process over these devices.

    Each new one would number its collective operations from the start again,
    and TensorFlow takes two of one number for the same operation: a second
    run in the process would fail at the first shape that differs.
    """
    return tf.distribute.MirroredStrategy(list(devices))


def _choose_strategy() -> str:
    if count_environment_workers() > 1:
        return "multi_worker"
    if len(tf.config.list_physical_devices("GPU")) > 1:
        return "mirrored"
    return "one_device"


def _check_alone(name: str) -> None:
    """Refuses to let each of several workers train a run of its own."""
    count = count_environment_workers()
    if count > 1:
        raise ValueError(
            f"strategy {name} trains in one process, but this one is of "
            f"{count} workers; use multi_worker, or unset TF_CONFIG"
        )


def _build_multi_worker_strategy(
    resolver: ClusterResolver,
) -> tf.distribute.Strategy:
    spec = resolver.cluster_spec()
    own = (resolver.task_type, resolver.task_id)
    others = ", ".join(
        spec.task_address(*task) for task in list_tasks(spec) if task != own
    )
    _configure_heartbeats(spec)
    reminder = threading.Timer(
        _PATIENCE_SECONDS,
        _log.warning,
        [f"waiting for the other workers: {others}"],
    )
    reminder.daemon = True
    reminder.start()
    try:
        return tf.distribute.MultiWorkerMirroredStrategy(
            resolver,
            tf.distribute.experimental.CommunicationOptions(
                bytes_per_pack=_BYTES_PER_MESSAGE
            ),
        )
    except (tf.errors.OpError, RuntimeError) as error:
        raise WorkerLostError(
            f"{own[0]} {own[1]} at {spec.task_address(*own)} found no cluster "
            f"with {others}: {_first_line(error)}"
        ) from error
    finally:
        reminder.cancel()
        # TensorFlow's server replaced it by one that lets no signal stop a
        # worker; Python doesn't know, so give it its own again.
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))


def _configure_heartbeats(spec: tf.train.ClusterSpec) -> None:
    """Sets timeouts before the strategy would set its own fixed ones."""
    jobs = spec.as_dict()
    leader = list_tasks(spec)[0][0]
    eager_context.context().configure_coordination_service(
        service_type="standalone",
        service_leader=f"/job:{leader}/replica:0/task:0",
        cluster_register_timeout_in_ms=_MEETING_SECONDS * 1000,
        heartbeat_timeout_in_ms=_HEARTBEAT_SECONDS * 1000,
        coordinated_jobs=[
            coordination_config_pb2.CoordinatedJob(name=job, num_tasks=len(x))
            for job, x in jobs.items()
        ],
    )


def _build_tpu_strategy(tpu: str | None) -> tf.distribute.Strategy:
    _log.warning("training on a TPU is experimental: it has never been run")
    previous = socket.getdefaulttimeout()
    # The resolver asks the cloud's metadata server, without a limit.
    socket.setdefaulttimeout(_TPU_REACH_SECONDS)
    try:
        _check_reachable(tpu)
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu)
        if tpu != "local":
            tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (
        ValueError,
        RuntimeError,
        OSError,
        ImportError,
        tf.errors.OpError,
    ) as error:
        raise ValueError(
            f"no TPU {repr(tpu) if tpu else 'in this environment'}: "
            f"{_first_line(error)}; on a TPU's own machine install "
            f"tensorflow-tpu and give {name_setting('tpu', 'local')}, "
            "elsewhere give its name or grpc://HOST:8470 as "
            f"{name_setting('tpu')}"
        ) from error
    finally:
        socket.setdefaulttimeout(previous)
    return tf.distribute.TPUStrategy(resolver)


def _check_reachable(tpu: str | None) -> None:
    """Connects to an address once, as TensorFlow would wait for minutes."""
    host, _, port = (tpu or "").removeprefix("grpc://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port))).close()


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(" .:") if lines else type(error).__name__
