"""Strategies by name."""

import json
import socket

import pytest
import tensorflow as tf
from fixtures.slurm import set_slurm

from dcgan_tf.config import TrainingConfig
from dcgan_tf.training.distribution import strategy as strategies
from dcgan_tf.training.distribution import workers

ADDRESSES = ["127.0.0.1:2222", "127.0.0.1:2223"]


def set_tf_config(monkeypatch, **config):
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))


def test_alone_auto_is_one_device():
    strategy = strategies.build_strategy("auto")
    assert isinstance(strategy, tf.distribute.OneDeviceStrategy)
    assert workers.num_workers(strategy) == 1
    assert workers.is_chief(strategy)


def test_runs_of_one_process_may_reduce_other_shapes():
    """TensorFlow fails where two strategies number their operations alike."""
    for shape in ((2,), (3,), (2, 2)):
        strategy = strategies.build_strategy("mirrored")

        def reduce_ones(shape=shape):
            replica = tf.distribute.get_replica_context()
            return replica.all_reduce("SUM", tf.ones(shape))

        reduced = tf.function(strategy.run)(reduce_ones)
        for value in strategy.experimental_local_results(reduced):
            assert value.shape == shape
            assert tf.reduce_all(value == 2.0)


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


def refuse_resolver(tpu):
    raise AssertionError("TensorFlow would wait for minutes")


def test_a_closed_tpu_address_is_refused_before_tensorflow_waits(monkeypatch):
    monkeypatch.setattr(
        tf.distribute.cluster_resolver, "TPUClusterResolver", refuse_resolver
    )
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"grpc://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(ValueError, match="no TPU 'grpc.*tpu='local'"):
            strategies.build_strategy("tpu", address)


def test_a_silent_metadata_server_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(strategies, "_TPU_REACH_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv(
            "GCE_METADATA_IP", f"127.0.0.1:{server.getsockname()[1]}"
        )
        with pytest.raises(ValueError, match="no TPU 'mine'.*timed out"):
            strategies.build_strategy("tpu", "mine")
    assert socket.getdefaulttimeout() is None


@pytest.mark.parametrize("name", ["tpu", "multi_worker", "auto"])
def test_what_has_never_run_says_so(monkeypatch, caplog, name):
    if name == "tpu":
        monkeypatch.setattr(
            tf.distribute.cluster_resolver,
            "TPUClusterResolver",
            lambda tpu: (_ for _ in ()).throw(ValueError("none here")),
        )
        with pytest.raises(ValueError, match="no TPU"):
            strategies.build_strategy("tpu", "local")
    else:
        set_slurm(monkeypatch)
        monkeypatch.setattr(
            strategies, "_build_multi_worker_strategy", lambda resolver: None
        )
        strategies.build_strategy(name)
    (line,) = [
        r.getMessage()
        for r in caplog.records
        if "TPU" in r.getMessage() or "Slurm" in r.getMessage()
    ]
    assert "experimental" in line and "\n" not in line


@pytest.mark.parametrize("name", ["one_device", "mirrored", "auto"])
def test_what_has_run_is_not_called_experimental(caplog, name):
    strategies.build_strategy(name)
    assert "experimental" not in caplog.text
