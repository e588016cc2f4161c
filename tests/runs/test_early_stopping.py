"""How many evaluations brought nothing better, by a run's files."""

import pytest

from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.best_checkpoint import BestCheckpoint
from dcgan_tf.runs.early_stopping import find_lost_patience
from dcgan_tf.runs.folder import make_run_dir

METRICS = """step,d_loss,frechet
10,0.5,
20,,0.9
40,,0.7
50,0.4,
60,,0.8
80,,0.75
100,,0.71
"""


@pytest.mark.parametrize(
    ("patience", "step", "expected"),
    [
        (0, 100, 0),
        (1, 40, 0),
        (1, 60, 1),
        (3, 80, 0),
        (3, 100, 3),
        (2, 100, 3),
        (4, 100, 0),
        # Evaluations of steps that were cut off again.
        (2, 79, 0),
    ],
)
def test_evaluations_since_the_best_are_counted(
    tmp_path, patience, step, expected
):
    make_run_dir(tmp_path)
    assert find_lost_patience(tmp_path, patience, step) == 0
    (tmp_path / "metrics.csv").write_text(METRICS)
    assert find_lost_patience(tmp_path, patience, step) == 0
    checkpoints.mark_best(tmp_path, BestCheckpoint(40, "frechet", 0.7))
    assert find_lost_patience(tmp_path, patience, step) == expected
    # What comes is measured otherwise: nothing is known to be worse.
    assert not find_lost_patience(tmp_path, patience, step, "kernel")
    checkpoints.mark_best(tmp_path, BestCheckpoint(40, "frechet", 0.7, "these"))
    others = ("frechet", "others")
    assert not find_lost_patience(tmp_path, patience, step, *others)
    checkpoints.find_best_file(tmp_path).write_text("{")
    assert find_lost_patience(tmp_path, patience, step) == 0
