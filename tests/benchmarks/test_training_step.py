"""The table of training steps."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

import training_step  # noqa: E402


@pytest.mark.parametrize(
    "dtype, heading, shares",
    [
        ("bfloat16", "| GFLOP/step | of bfloat16's limit |", "| 2 | 30% |"),
        (
            "float32",
            "| GFLOP/step | of bfloat16's limit | of float32's limit |",
            "| 2 | 30% | 60% |",
        ),
    ],
)
def test_each_limit_has_one_column(dtype, heading, shares):
    own = 0.3 if dtype == "bfloat16" else 0.6
    row = training_step.Row("dcgan_tf", 9.5, 0.1, 1.0, 2**30, 2e9, 0.3, own)
    table = training_step.format_table("A network", dtype, [row])
    title, _, head, rule, figures, _ = table.split("\n")
    assert title == "### A network"
    assert head.endswith(heading) and figures.endswith(shares)
    assert head.count("|") == rule.count("|") == figures.count("|")
