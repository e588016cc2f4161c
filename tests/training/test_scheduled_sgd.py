"""Rates that fall and momentum that rises, by the step alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.presets import resolve_run_config
from dcgan_tf.training.families import build_optimizer
from dcgan_tf.training.scheduled_sgd import ScheduledSGD


@pytest.mark.parametrize(
    "step, rate, momentum",
    [
        (0, 0.1, 0.5),
        (1, 0.1 / 1.000004, 0.5 + 0.2 / 125_000),
        (62_500, 0.1 / 1.000004**62_500, 0.6),
        (125_000, 0.1 / 1.000004**125_000, 0.7),
        (1_000_000, 0.1 / 1.000004**1_000_000, 0.7),
        (10_000_000, 1e-6, 0.7),
    ],
)
def test_the_original_gans_schedules(step, rate, momentum):
    optimizer = build_optimizer(resolve_run_config({"family": "gan"}), 0.1)
    found = optimizer.compute_rates(0.1, step)
    np.testing.assert_allclose(found, (rate, momentum), rtol=1e-5)


def test_an_update_is_momentum_and_the_falling_rate():
    optimizer = ScheduledSGD(0.5, 2.0, 0.2, 0.0, 0.4, rising_steps=2)
    variable = keras.Variable([1.0, -1.0])
    optimizer.build([variable])
    gradient = tf.constant([1.0, 2.0])
    expected, velocity = np.array([1.0, -1.0]), np.zeros(2)
    for rate, momentum in ((0.5, 0.0), (0.25, 0.2), (0.2, 0.4), (0.2, 0.4)):
        optimizer.apply([gradient], [variable])
        velocity = momentum * velocity - rate * gradient.numpy()
        expected += velocity
        np.testing.assert_allclose(variable.numpy(), expected, rtol=1e-6)


def test_the_last_rate_is_known_on_two_replicas(two_replicas):
    with two_replicas.scope():
        optimizer = ScheduledSGD(0.5, decay=2.0, least_rate=0.1)
        optimizer.build([keras.Variable([1.0])])
    rates = []
    for step in (0, 1, 2, 9):
        optimizer.iterations.assign(step)
        rates.append(optimizer.compute_last_rate())
    np.testing.assert_allclose(rates, [0.5, 0.5, 0.25, 0.1], rtol=1e-6)


def test_a_restored_optimizer_goes_on_in_its_schedule(tmp_path):
    variables = [keras.Variable([1.0]) for _ in range(2)]
    optimizers = [
        ScheduledSGD(0.5, 1.5, 0.0, 0.1, 0.9, rising_steps=5) for _ in range(2)
    ]
    for optimizer, variable in zip(optimizers, variables, strict=True):
        optimizer.build([variable])
    gradient = tf.constant([1.0])
    for _ in range(3):
        optimizers[0].apply([gradient], [variables[0]])
    path = tf.train.Checkpoint(o=optimizers[0], v=variables[0]).write(
        str(tmp_path / "ckpt")
    )
    tf.train.Checkpoint(o=optimizers[1], v=variables[1]).read(path)
    for optimizer, variable in zip(optimizers, variables, strict=True):
        optimizer.apply([gradient], [variable])
    np.testing.assert_array_equal(variables[0], variables[1])


def test_it_survives_its_configuration():
    optimizer = ScheduledSGD(0.5, 1.5, 0.1, 0.2, 0.9, rising_steps=5)
    copy = ScheduledSGD.from_config(optimizer.get_config())
    assert copy.get_config() == optimizer.get_config()
