"""Half-precision kernels keep what they make of flat images."""

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.serving.lite import descriptions
from dcgan_tf.serving.lite.half_precision import kernels_rounded, round_kernel


@pytest.fixture
def kernel():
    rng = np.random.default_rng(0)
    return rng.normal(0, 0.05, (5, 5, 3, 64)).astype(np.float32)


def test_sums_of_filters_stay(kernel):
    rounded = round_kernel(kernel)
    assert (rounded.astype(np.float16) == rounded).all()
    # Two roundings of a weight at most.
    assert abs(rounded - kernel).max() < 2 * 2**-11 * abs(kernel).max()

    def drift(values):
        sums = (values.astype(np.float64) - kernel).sum(axis=(0, 1, 2))
        return np.sqrt(np.mean(sums**2))

    plain = kernel.astype(np.float16).astype(np.float32)
    assert drift(rounded) < drift(plain) / 4


def test_kernels_are_given_back_whatever_happens(kernel):
    variable = tf.Variable(kernel)
    with pytest.raises(KeyError), kernels_rounded([variable]):
        assert (variable.numpy() == round_kernel(kernel)).all()
        raise KeyError
    assert (variable.numpy() == kernel).all()


def test_a_runs_own_kernels_are_not_rounded(networks):
    """Another thread may compute features meanwhile, or export as well."""
    model = networks.config.model
    described = descriptions.describe_features(
        networks.discriminator, model, 1, np.zeros((1, 16, 16, 3), np.float32)
    )
    inputs = tf.random.uniform((2, 16, 16, 3))
    expected = networks.discriminator(inputs).numpy()
    np.testing.assert_allclose(
        described.function(inputs)["logits"], expected, atol=1e-6
    )
    with kernels_rounded(described.image_kernels):
        np.testing.assert_array_equal(networks.discriminator(inputs), expected)
        logits = described.function(inputs)["logits"]
    assert (logits.numpy() != expected).all()
