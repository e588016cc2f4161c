"""Agreement between workers on what they train and when they stop."""

import atexit
import contextlib
import functools
import hashlib
import os
import re
import sys
from collections.abc import Iterator, Mapping

import numpy as np
import tensorflow as tf

from dcgan_tf.training.distribution.cluster import list_tasks

# In every error of a collective operation that lost a partner.
_LOST_TEXT = "Collective ops is aborted"


class WorkerLostError(ConnectionError):
    """Another worker stopped, or can't be reached."""


class WorkersDifferError(ValueError):
    """Workers don't have the same settings or images; all of them know."""


def num_workers(strategy: tf.distribute.Strategy) -> int:
    """Returns how many processes train together."""
    return len(_list_workers(strategy)) or 1


def worker_index(strategy: tf.distribute.Strategy) -> int:
    """Returns this process's place among them, from 0."""
    workers = _list_workers(strategy)
    if not workers:
        return 0
    resolver = strategy.cluster_resolver
    return workers.index((resolver.task_type, resolver.task_id))


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes the run's files."""
    return worker_index(strategy) == 0


def _list_workers(strategy: tf.distribute.Strategy) -> list[tuple[str, int]]:
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return []
    return list_tasks(strategy.cluster_resolver.cluster_spec())


class StopAgreement:
    """Lets all workers stop after the same step when any is told to.

    A worker that left alone would leave the others waiting in a collective
    operation. With one worker nothing is exchanged. Otherwise the votes of
    a step are read after the next one, so that no step waits for them, and
    all stop one step later than asked.
    """

    def __init__(self, strategy: tf.distribute.Strategy):
        self._strategy = strategy
        self._is_alone = num_workers(strategy) == 1
        self._count_votes = _make_sum(strategy)
        self._last_votes = tf.zeros(1, tf.int64)

    def any_worker(self, wants_stop: bool) -> bool:
        """Returns whether this or any other worker wants to stop.

        Call it after every step on every worker.
        """
        if self._is_alone:
            return wants_stop
        votes, self._last_votes = (
            self._last_votes,
            self._count_votes(tf.constant([int(wants_stop)], tf.int64)),
        )
        return bool(votes.numpy()[0] > 0)


def chief_says(strategy: tf.distribute.Strategy, answer: bool) -> bool:
    """Returns the chief's answer to a question, on every worker.

    Args:
        strategy: From `build_strategy`. With one worker nothing is exchanged.
        answer: This worker's, which counts if it is the chief.
    """
    if num_workers(strategy) == 1:
        return answer
    own = tf.constant([int(answer and is_chief(strategy))], tf.int64)
    return bool(_make_sum(strategy)(own).numpy()[0] > 0)


def check_agreement(
    strategy: tf.distribute.Strategy, values: Mapping[str, object]
) -> None:
    """Checks that all workers have the same, before they train together.

    Args:
        strategy: From `build_strategy`.
        values: What must be equal, by what it is called. Two values are
            equal if their `repr` is; every worker gives the same names.

    Raises:
        WorkersDifferError: On every worker, if one has another value.
    """
    if not values:
        return
    digests = [_split_digest(value) for value in values.values()]
    own = tf.constant(digests, tf.int64)
    total, total_squares = _make_sum(strategy)(tf.stack([own, own**2])).numpy()
    # Cauchy-Schwarz: equal only where all are.
    differs = total**2 != total_squares * strategy.num_replicas_in_sync
    differs = differs.any(axis=-1)
    if differs.any():
        names = [n for n, d in zip(values, differs, strict=True) if d]
        raise WorkersDifferError(
            f"workers differ in {', '.join(names)} (here "
            f"{', '.join(str(values[n]) for n in names)}); start all with the "
            "same command, on a run folder and data that all of them see"
        )


def wait_for_all(strategy: tf.distribute.Strategy) -> None:
    """Waits until all workers are here, and so what the chief wrote before."""
    if num_workers(strategy) > 1:
        _make_sum(strategy)(tf.zeros(1, tf.int64)).numpy()


def _split_digest(value: object) -> list[int]:
    """Returns a value's SHA-256 in pieces whose squares can be summed."""
    digest = hashlib.sha256(repr(value).encode(errors="surrogateescape"))
    return np.frombuffer(digest.digest(), np.uint16).tolist()


@functools.lru_cache(maxsize=1)  # A function of its own each time is traced.
def _make_sum(strategy: tf.distribute.Strategy):
    """Returns a function that adds a tensor over all replicas."""

    @tf.function
    def compute_sum(values):
        copies = strategy.run(tf.identity, args=(values,))
        return strategy.reduce("SUM", copies, axis=None)

    return compute_sum


@contextlib.contextmanager
def lost_workers_named(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Turns a failed collective operation into a `WorkerLostError`."""
    try:
        yield
    except tf.errors.OpError as error:
        # Among the replicas of one process nobody is lost: what failed is
        # what the error says.
        if _LOST_TEXT not in error.message or num_workers(strategy) == 1:
            raise
        raise WorkerLostError(
            f"{_name_lost(strategy, error.message)} stopped or cannot be "
            "reached; its own messages say why. Start all workers again with "
            "the same command, to resume from the last checkpoint"
        ) from error


@contextlib.contextmanager
def nobody_left_waiting(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """After a failure of this worker alone, makes its process end at once.

    At its exit TensorFlow waits for the other workers, and those wait for
    this one in a collective operation. They notice that it is gone.
    """
    try:
        yield
    except (WorkerLostError, WorkersDifferError):
        raise
    except Exception:
        if num_workers(strategy) > 1:
            atexit.register(_exit_at_once)
        raise


def _exit_at_once() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(1)


def _name_lost(strategy: tf.distribute.Strategy, message: str) -> str:
    """Finds the other worker that an error speaks of, if it does."""
    workers = _list_workers(strategy)
    spec = strategy.cluster_resolver.cluster_spec()
    for job, index in re.findall(r"/job:(\w+)(?:/\w+:0)?/task:(\d+)", message):
        task = (job, int(index))
        if task in workers and workers.index(task) != worker_index(strategy):
            return f"{job} {index} ({spec.task_address(*task)})"
    return "another worker"
