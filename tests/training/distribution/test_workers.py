"""Agreement between workers, and workers that are lost."""

import pytest
import tensorflow as tf

from dcgan_tf.training.distribution import workers

ADDRESSES = ["127.0.0.1:2222", "127.0.0.1:2223"]


def test_alone_stopping_needs_no_agreement():
    agreement = workers.StopAgreement(tf.distribute.get_strategy())
    assert agreement.any_worker(True)
    assert not agreement.any_worker(False)


def test_differing_workers_are_told_in_what(monkeypatch, two_replicas):
    values = {"settings": (1, 2), "precision": "float32"}
    workers.check_agreement(two_replicas, values)

    def add_other_worker(strategy):
        def compute_sum(own):
            # The other one agrees on the second value, and on all of the
            # first one's digest but its last piece.
            digests = own[0] + tf.constant([[0] * 15 + [1], [0] * 16], tf.int64)
            return own + tf.stack([digests, digests**2])

        return compute_sum

    monkeypatch.setattr(workers, "_make_sum", add_other_worker)
    with pytest.raises(ValueError, match=r"differ in settings \(here"):
        workers.check_agreement(two_replicas, values)


@pytest.mark.parametrize("count", [1, 2])
def test_only_several_workers_wait_for_each_other(monkeypatch, count):
    summed = []
    monkeypatch.setattr(workers, "num_workers", lambda strategy: count)
    monkeypatch.setattr(
        workers,
        "_make_sum",
        lambda strategy: lambda own: summed.append(own) or own,
    )
    workers.wait_for_all(None)
    assert len(summed) == (count > 1)


@pytest.mark.parametrize(
    ("index", "own", "chiefs", "said"),
    [
        # What another worker thinks of the chief's files counts for nothing.
        (0, True, True, True),
        (0, False, False, False),
        (1, True, False, False),
        (1, True, True, True),
        (1, False, True, True),
        (1, False, False, False),
    ],
)
def test_all_workers_do_what_the_chief_says(
    monkeypatch, index, own, chiefs, said
):
    def add_other_worker(strategy):
        # The other one is the chief, or has no say.
        return lambda votes: votes + int(index == 1 and chiefs)

    monkeypatch.setattr(workers, "num_workers", lambda strategy: 2)
    monkeypatch.setattr(workers, "worker_index", lambda strategy: index)
    monkeypatch.setattr(workers, "_make_sum", add_other_worker)
    assert workers.chief_says(None, own) is said


def test_a_worker_that_lost_its_chief_stops_asking(monkeypatch):
    """It fails with a line that names the chief, not with its own answer."""

    def lose_chief(strategy):
        def compute_sum(votes):
            message = "Collective ops is aborted by: gone /job:worker/task:0"
            raise tf.errors.UnavailableError(None, None, message)

        return compute_sum

    monkeypatch.setattr(workers, "_make_sum", lose_chief)
    strategy = TwoWorkers()
    with pytest.raises(workers.WorkerLostError, match=r"^worker 0 \(127"):
        with workers.lost_workers_named(strategy):
            workers.chief_says(strategy, True)


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


def test_no_worker_is_lost_among_the_replicas_of_one(two_replicas):
    message = "Collective ops is aborted by: Shape mismatch"
    with pytest.raises(tf.errors.InvalidArgumentError, match="Shape mismatch"):
        with workers.lost_workers_named(two_replicas):
            raise tf.errors.InvalidArgumentError(None, None, message)
