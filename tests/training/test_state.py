"""What a checkpoint holds, and how it starts."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from dcgan_tf.kernels.adam import Adam
from dcgan_tf.training.state import build_training_state

MODEL = ModelConfig((16, 16), 1, latent_dim=4, base_filters=2)
NETWORKS = ("generator", "discriminator")


def build(precision="float32", **training):
    config = RunConfig(MODEL, DataConfig(), TrainingConfig(**training))
    return build_training_state(config, precision)


@pytest.mark.parametrize("ema_decay, has_averages", [(0.0, False), (0.9, True)])
def test_averages_start_from_the_networks_and_are_saved(
    ema_decay, has_averages
):
    state = build(ema_decay=ema_decay, seed=3)
    names = set(state.trackables())
    assert ({"averaged_generator", "averaged_discriminator"} <= names) == (
        has_averages
    )
    assert {*NETWORKS, *(f"{n}_optimizer" for n in NETWORKS), "step"} <= names
    assert len(state.averages()) == 2 * has_averages
    for average, model in state.averages():
        assert average is not model
        for a, w in zip(average.weights, model.weights, strict=True):
            np.testing.assert_array_equal(a, w)
    expected = state.averaged_generator if has_averages else state.generator
    assert state.sampling_generator is expected


@pytest.mark.parametrize(
    "precision", ["float32", "mixed_bfloat16", "mixed_float16"]
)
def test_optimizers_are_the_papers_adam_built(precision):
    state = build(precision, learning_rate=3e-4, beta_1=0.4)
    assert int(state.step) == 0 and state.step.dtype == tf.int64
    for name in NETWORKS:
        optimizer = getattr(state, f"{name}_optimizer")
        assert optimizer.built
        is_scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        assert is_scaled == (precision == "mixed_float16")
        adam = optimizer.inner_optimizer if is_scaled else optimizer
        assert isinstance(adam, Adam)
        assert adam.beta_1 == 0.4 and adam.epsilon == 1e-8
        assert float(adam.learning_rate) == pytest.approx(3e-4)
        # Two moments for each weight, beside the step and the rate.
        weights = getattr(state, name).trainable_variables
        assert len(adam.variables) == 2 + 2 * len(weights)
        assert all(weight.dtype == "float32" for weight in weights)
    for average, _ in state.averages():
        assert average.dtype_policy.name == "float32"


@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
def test_new_learning_rates_reach_both_optimizers(precision):
    state = build(precision)
    state.set_learning_rates(0.125, 0.25)
    assert state.compute_learning_rates() == (0.125, 0.25)


def test_seeds_decide_initial_weights():
    first, same, other = build(seed=1), build(seed=1), build(seed=2)
    for name in NETWORKS:
        one, two, three = (
            getattr(state, name).get_weights()[0]
            for state in (first, same, other)
        )
        np.testing.assert_array_equal(one, two)
        assert not np.array_equal(one, three)
