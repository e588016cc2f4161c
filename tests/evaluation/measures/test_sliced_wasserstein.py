"""Sliced Wasserstein distances of shifts and in one dimension."""

import numpy as np
import pytest

from dcgan_tf.evaluation.measures.sliced_wasserstein import (
    compute_sliced_wasserstein,
)

RNG = np.random.default_rng(0)


FIRST = RNG.normal(size=(60, 5))


def test_sliced_wasserstein_of_a_shift_and_in_one_dimension():
    shift = np.array([3.0, 0, 0, 4.0, 0])
    # A direction sees the shift's projection: |shift|^2 / 5 on average.
    distance = compute_sliced_wasserstein(FIRST, FIRST + shift, 20_000)
    assert distance == pytest.approx(5 / np.sqrt(5), rel=0.02)
    line = compute_sliced_wasserstein(FIRST[:, :1], FIRST[:, :1] * 3 + 1)
    x = np.sort(FIRST[:, 0])
    assert line == pytest.approx(np.sqrt(np.mean((2 * x + 1) ** 2)))
    assert compute_sliced_wasserstein(FIRST, FIRST[::-1]) == pytest.approx(0)
