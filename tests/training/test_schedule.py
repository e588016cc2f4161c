import dataclasses

import pytest

from dcgan_tf.presets import resolve_run_config
from dcgan_tf.training.schedule import Due, find_due

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
