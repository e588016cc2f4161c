"""What `--init_from` names, and what is copied from there."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest

from dcgan_tf.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.folder import make_run_dir, save_run_config
from dcgan_tf.training.initialization import parse_init_from, restore_networks
from dcgan_tf.training.state import build_training_state

MODEL = ModelConfig((16, 16), 1, latent_dim=4, base_filters=4, kernel_size=3)


def make_config(seed, ema_decay, model=MODEL):
    training = TrainingConfig(seed=seed, ema_decay=ema_decay)
    return RunConfig(model, DataConfig(), training)


@pytest.fixture(scope="module", params=[0.0, 0.9], ids=["plain", "averaged"])
def old(request, tmp_path_factory):
    """A run with checkpoints of steps 1 and 2, and their states."""
    run_dir = tmp_path_factory.mktemp("runs") / "old"
    make_run_dir(run_dir)
    states = {}
    for step in (1, 2):
        config = make_config(step, request.param)
        save_run_config(run_dir, config)
        states[step] = build_training_state(config, "float32")
        for average, _ in states[step].averages():
            average.set_weights([w + 1 for w in average.get_weights()])
        checkpoints.save(run_dir, states[step].trackables(), step, keep=2)
    return run_dir, states


def assert_same_weights(first, second):
    for one, other in zip(
        first.trainable_variables, second.trainable_variables, strict=True
    ):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


@pytest.mark.parametrize("at, step", [("", 2), ("@1", 1), ("@latest", 2)])
@pytest.mark.parametrize("ema_decay", [0.0, 0.5])
def test_networks_are_copied_and_no_optimizers(old, at, step, ema_decay):
    run_dir, states = old
    config = make_config(9, ema_decay)
    state = build_training_state(config, "float32")
    taken = restore_networks(f"{run_dir}{at}", config, state)
    assert taken == f"{run_dir}@{step}"
    assert_same_weights(state.generator, states[step].generator)
    assert_same_weights(state.discriminator, states[step].discriminator)
    assert state.generator_optimizer.iterations.numpy() == 0
    assert int(state.step.numpy()) == 0
    if ema_decay:
        # The old averages where there are some, else of the networks.
        source = states[step].averaged_generator or states[step].generator
        assert_same_weights(state.averaged_generator, source)


def test_networks_of_other_sizes_are_refused(old):
    run_dir, _ = old
    config = make_config(0, 0.0, dataclasses.replace(MODEL, base_filters=8))
    state = build_training_state(config, "float32")
    with pytest.raises(ValueError, match="has other networks"):
        restore_networks(str(run_dir), config, state)


@pytest.mark.parametrize(
    "text, path, checkpoint",
    [
        ("a/run", "a/run", "latest"),
        ("a/run@7", "a/run", "7"),
        ("a/run@", "a/run", "latest"),
        ("a/run@best", "a/run", "best"),
        ("user@host/run", "user@host/run", "latest"),
        ("user@host/run@12", "user@host/run", "12"),
        ("~/run@3", "~/run", "3"),
    ],
)
def test_an_at_sign_may_be_in_the_path(text, path, checkpoint):
    expected = os.path.abspath(os.path.expanduser(path))
    for given in (text, Path(text)):
        found, found_checkpoint = parse_init_from(given)
        assert (str(found), found_checkpoint) == (expected, checkpoint)


def test_a_run_may_be_named_like_a_checkpoint(old, tmp_path):
    run_dir = tmp_path / "digits@2024"
    make_run_dir(run_dir)
    save_run_config(run_dir, make_config(0, 0.0))
    for suffix, checkpoint in (
        ("", "latest"), ("@", "latest"), ("@latest", "latest"), ("@3", "3"),
    ):  # fmt: skip
        assert parse_init_from(f"{run_dir}{suffix}") == (run_dir, checkpoint)
