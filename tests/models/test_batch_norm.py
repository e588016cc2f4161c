import gc
import weakref

import keras
import numpy as np
import pytest

from dcgan_tf.config import ModelConfig
from dcgan_tf.models import batch_norm
from dcgan_tf.models.batch_norm import reestimate_statistics
from dcgan_tf.models.generator import build_generator


@pytest.fixture
def model():
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.BatchNormalization(epsilon=1e-5, name="first"),
            keras.layers.Dense(2, use_bias=False, kernel_initializer="ones"),
            keras.layers.BatchNormalization(epsilon=1e-5, name="second"),
        ]
    )


def test_statistics_are_the_means_over_batches(model):
    rng = np.random.default_rng(0)
    batches = [rng.normal(5, 2, (8, 3)).astype(np.float32) for _ in range(3)]
    assert reestimate_statistics(model, batches) == 3
    first = model.get_layer("first")
    np.testing.assert_allclose(
        first.moving_mean, np.mean([b.mean(0) for b in batches], 0), rtol=1e-5
    )
    np.testing.assert_allclose(
        first.moving_variance,
        np.mean([b.var(0) for b in batches], 0),
        rtol=1e-4,
    )
    # The second layer saw inputs normalised by their own batch.
    normalised = [(b - b.mean(0)) / np.sqrt(b.var(0) + 1e-5) for b in batches]
    variance = np.mean([n.sum(1).var() for n in normalised])
    np.testing.assert_allclose(
        model.get_layer("second").moving_variance, variance, rtol=1e-3
    )


def test_no_batches_is_an_error(model):
    with pytest.raises(ValueError, match="no batches"):
        reestimate_statistics(model, [])


@pytest.mark.parametrize(
    "batch, problem",
    [
        (np.zeros((4, 3), np.uint8), "takes float .* got uint8"),
        (np.zeros((4, 3), np.int64), "takes float .* got int64"),
        (np.zeros((0, 3), np.float32), "at least one .* got none"),
        ([np.zeros((4, 3), np.uint8), np.zeros(4, np.int32)], "got uint8"),
    ],
)
def test_wrong_batches_are_refused(model, batch, problem):
    with pytest.raises(ValueError, match=problem):
        reestimate_statistics(model, [batch])
    np.testing.assert_array_equal(model.get_layer("first").moving_mean, 0)


def count_models(monkeypatch):
    """Counts the Keras models that `reestimate_statistics` builds."""
    built = []
    build = keras.Model
    monkeypatch.setattr(
        batch_norm.keras,
        "Model",
        lambda *args, **kwargs: built.append(1) or build(*args, **kwargs),
    )
    return built


def test_a_model_is_traced_once_and_sees_its_new_weights(model, monkeypatch):
    built = count_models(monkeypatch)
    batch = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
    reestimate_statistics(model, [batch])
    second = model.get_layer("second")
    before = second.moving_variance.numpy()
    dense = model.layers[1]
    dense.kernel.assign(2.0 * dense.kernel)
    reestimate_statistics(model, [batch])
    np.testing.assert_allclose(second.moving_variance, 4 * before, rtol=1e-5)
    assert len(built) == 1


def test_a_layer_that_joins_is_measured_too(model, monkeypatch):
    batch = np.ones((8, 3), np.float32)
    reestimate_statistics(model, [batch])
    model.add(keras.layers.BatchNormalization(name="third"))
    reestimate_statistics(model, [batch + np.eye(8, 3, dtype=np.float32)])
    assert np.any(model.get_layer("third").moving_variance.numpy() != 1.0)


@pytest.mark.parametrize("num_classes", [0, 4])
def test_models_are_not_kept(num_classes):
    config = ModelConfig(
        (16, 16), 1, latent_dim=4, base_filters=2, num_classes=num_classes
    )
    generator = build_generator(config)
    latents = np.zeros((4, 4), np.float32)
    batch = [latents, np.zeros(4, np.int32)] if num_classes else latents
    reestimate_statistics(generator, [batch])
    reference = weakref.ref(generator)
    del generator
    gc.collect()
    assert reference() is None
