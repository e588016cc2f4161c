import dataclasses

import pytest

from dcgan_tf.presets import resolve_run_config
from dcgan_tf.training.health import CHECK_EVERY
from dcgan_tf.training.schedule import (
    Due,
    choose_steps_per_call,
    count_steps_until_due,
    find_due,
    limit_steps_per_call,
)

TRAINING = dataclasses.replace(
    resolve_run_config({}).training,
    steps=100,
    report_every=2,
    sample_every=10,
    checkpoint_every=20,
    eval_every=30,
)


@pytest.mark.parametrize(
    ("step", "is_stopping", "expected"),
    [
        (1, False, Due(False, False, False, False)),
        (2, False, Due(True, False, False, False)),
        (10, False, Due(True, True, False, False)),
        (20, False, Due(True, True, True, False)),
        # An evaluation may find the checkpoint to be the best.
        (30, False, Due(True, True, True, True)),
        (33, True, Due(False, False, True, False)),
        (100, False, Due(True, True, True, True)),
    ],
)
def test_what_is_due(step, is_stopping, expected):
    assert find_due(TRAINING, step, is_stopping) == expected


def test_without_eval_every_the_last_step_is_not_evaluated():
    training = dataclasses.replace(TRAINING, eval_every=0)
    assert find_due(training, 100) == Due(True, True, True, False)


@pytest.mark.parametrize(
    ("step", "periods", "expected"),
    [
        (0, {}, 2),
        (3, {}, 1),
        (18, {"report_every": 25}, 2),
        (27, {"report_every": 40, "sample_every": 40}, 3),
        (27, {"report_every": 40, "sample_every": 40, "eval_every": 0}, 13),
        # Health is looked at each 50 steps.
        (45, {"report_every": 99, "sample_every": 99, "eval_every": 0}, 5),
        (97, {"report_every": 50}, 3),
    ],
)
def test_calls_end_where_something_is_due(step, periods, expected):
    training = dataclasses.replace(TRAINING, **periods)
    assert count_steps_until_due(training, step) == expected
    assert find_due(training, step + expected) != Due(*[False] * 4) or (
        (step + expected) % CHECK_EVERY == 0
    )


@pytest.mark.parametrize(
    ("seconds", "steps_left", "expected"),
    [
        (0.0, 10**6, 1),  # Not known.
        (0.015, 10_000, 6),
        (0.015, 1_000, 1),  # Over before it pays.
        (0.001, 10**6, 16),
        (0.06, 10_000, 1),
        (2.0, 10_000, 1),
    ],
)
def test_short_steps_of_long_runs_share_a_call(seconds, steps_left, expected):
    assert choose_steps_per_call(seconds, steps_left) == expected


@pytest.mark.parametrize(
    ("steps_per_call", "step", "periods", "expected"),
    [
        (0, 0, {}, 1),
        (3, 0, {}, 2),
        (3, 0, {"report_every": 40}, 3),
        (10**6, 0, {"report_every": 40}, 10),
        (10**6, 0, {"report_every": 99, "sample_every": 99}, 20),
        (10**6, 97, {"report_every": 50}, 3),
        (10**6, 100, {}, 1),
    ],
)
def test_a_call_holds_no_more_batches_than_it_can_train_on(
    steps_per_call, step, periods, expected
):
    training = dataclasses.replace(
        TRAINING, steps_per_call=steps_per_call, **periods
    )
    assert limit_steps_per_call(training, step) == expected
