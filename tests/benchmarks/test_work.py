"""The arithmetic that training steps are said to do."""

import sys
from pathlib import Path

import pytest

from dcgan_tf.config import ModelConfig

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

import work  # noqa: E402

# 16x16x3 -> 8x8x4 -> 4x4x8, kernels 3x3, two operations per product. Along a
# side all windows are whole but the last, which has one pixel of padding.
CONFIG = ModelConfig((16, 16), base_filters=4, kernel_size=3)
FIRST = 2 * (8 * 3 - 1) ** 2 * 3 * 4
SECOND = 2 * (4 * 3 - 1) ** 2 * 4 * 8


@pytest.mark.parametrize(
    "step, expected",
    [
        # G forward, inputs, filters; D forward and filters twice, and its
        # input gradients three times, down to the image only once.
        (work.ONE_FAKE_PASS, 3 * (FIRST + SECOND) + 5 * FIRST + 7 * SECOND),
        (work.PYTORCH_EXAMPLE, 3 * (FIRST + SECOND) + 7 * FIRST + 9 * SECOND),
        (work.KERAS_EXAMPLE, 4 * (FIRST + SECOND) + 6 * FIRST + 8 * SECOND),
    ],
)
def test_operations_are_counted_by_layer_and_pass(step, expected):
    assert work.count_step_operations(CONFIG, 7, step) == 7 * expected


def test_strides_of_one_keep_the_map():
    config = ModelConfig(
        (16, 16), base_filters=4, kernel_size=3, convs_per_scale=2
    )
    passes = work.Step(work.Passes(0, 0, 0), work.Passes(1, 0, 0))
    products = [
        (16 * 3 - 2) ** 2 * 3 * 4,
        (8 * 3 - 1) ** 2 * 4 * 4,
        (8 * 3 - 2) ** 2 * 4 * 8,
        (4 * 3 - 1) ** 2 * 8 * 8,
    ]
    expected = sum(2 * product for product in products)
    assert work.count_step_operations(config, 1, passes) == expected
