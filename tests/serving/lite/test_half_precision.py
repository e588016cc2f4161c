"""Half-precision kernels keep what they make of flat images."""

import numpy as np
import pytest
import tensorflow as tf

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
