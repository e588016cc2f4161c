import keras
import numpy as np
import pytest

from dcgan_tf.models.batch_norm import reestimate_statistics


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
