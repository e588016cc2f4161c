"""What a recorder writes when, and what it saves when training fails."""

import contextlib
import dataclasses
import shlex

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.presets import resolve_run_config
from dcgan_tf.runs import checkpoints, folder
from dcgan_tf.runs.best_checkpoint import BestCheckpoint
from dcgan_tf.runs.metrics import read_metrics
from dcgan_tf.setting_names import settings_are_flags
from dcgan_tf.training.progress import Progress
from dcgan_tf.training.recorder import DivergenceError, Recorder
from dcgan_tf.training.schedule import Due
from dcgan_tf.training.state import build_training_state

CONFIG = resolve_run_config(
    {
        "image_size": (16, 16),
        "base_filters": 4,
        "latent_dim": 8,
        "batch_size": 4,
        "steps": 9,
        "precision": "float32",
    }
)
NOTHING = dict(metrics=False, samples=False, checkpoint=False, evaluation=False)


@pytest.fixture(scope="module")
def state():
    return build_training_state(CONFIG, "float32")


@pytest.fixture
def make_recorder(state, tmp_path):
    folder.make_run_dir(tmp_path)

    def make(is_chief=True, start=0, run_dir=tmp_path, **options):
        return Recorder(
            CONFIG, run_dir, state, Progress(9, start, is_silent=True), start,
            is_chief, count_skipped=lambda: 5, **options,
        )  # fmt: skip

    return make


def take_steps(recorder, *d_losses):
    for value in d_losses:
        recorder.start_step()
        names = ("d_loss", "g_loss", "d_real", "d_fake")
        recorder.count({name: tf.constant(value) for name in names})


def write(recorder, step, **due):
    recorder.write(step, Due(**{**NOTHING, **due}))


def test_a_row_holds_the_means_since_the_last_one(make_recorder, tmp_path):
    with make_recorder() as recorder:
        take_steps(recorder, 1.0, 3.0)
        write(recorder, 2, metrics=True)
        take_steps(recorder, 7.0)
        write(recorder, 3, metrics=True)
    rows = read_metrics(tmp_path)
    assert [(row["step"], row["d_loss"]) for row in rows] == [
        ("2", "2"),
        ("3", "7"),
    ]
    rate = CONFIG.training.learning_rate
    assert float(rows[0]["learning_rate"]) == pytest.approx(rate)
    assert rows[0]["skipped"] == "5"


@pytest.mark.parametrize(
    ("family", "rates"),
    [
        ("gan", [1e-3, 1e-3 / 1.000004**999]),
        ("lapgan", [1e-3, 1e-3 / 1.000004 ** (999 / 703)]),
        ("dcgan", [1e-3, 1e-3]),
    ],
)
def test_the_rates_that_were_used_are_logged(tmp_path, family, rates):
    settings = {
        "family": family, "image_size": (16, 16),
        "batch_size": 4, "precision": "float32", "learning_rate": 1e-3,
        "discriminator_learning_rate": 5e-4,
    }  # fmt: skip
    config = resolve_run_config(settings)
    state = build_training_state(config, "float32")
    folder.make_run_dir(tmp_path)
    recorder = Recorder(
        config, tmp_path, state, Progress(9, 0, is_silent=True), 0, True,
        count_skipped=int,
    )  # fmt: skip
    for step in (1, 1_000):
        state.generator_optimizer.iterations.assign(step)
        state.discriminator_optimizer.iterations.assign(step)
        take_steps(recorder, 1.0)
        write(recorder, step, metrics=True)
    for name, part in (("learning_rate", 1), ("d_learning_rate", 0.5)):
        found = [float(row[name]) for row in read_metrics(tmp_path)]
        np.testing.assert_allclose(found, np.multiply(rates, part), rtol=1e-5)


@pytest.mark.parametrize("due", [*NOTHING])
def test_what_is_due_is_written_and_nothing_else(make_recorder, tmp_path, due):
    recorder = make_recorder(evaluator=lambda generator: {"distance": 1.0})
    take_steps(recorder, 1.0)
    checkpoints_due = due in ("checkpoint", "evaluation")
    write(recorder, 1, **{due: True, "checkpoint": checkpoints_due})
    assert checkpoints.list_steps(tmp_path) == [1] * checkpoints_due
    grids = list((tmp_path / "samples").glob("*.png"))
    assert len(grids) == (due == "samples")
    assert len(read_metrics(tmp_path)) == (due in ("metrics", "evaluation"))
    best = checkpoints.find_best(tmp_path)
    assert best == (1 if due == "evaluation" else None)


def test_the_lowest_distance_is_the_best(make_recorder, tmp_path):
    distances = iter([3.0, 2.0, 2.5])
    recorder = make_recorder(evaluator=lambda _: {"distance": next(distances)})
    for step in (1, 2, 3):
        take_steps(recorder, 1.0)
        write(recorder, step, checkpoint=True, evaluation=True)
    assert checkpoints.find_best(tmp_path) == 2


@dataclasses.dataclass
class Evaluator:
    distance: float
    measure: str = "distance"
    held_out: str = "these"

    def __call__(self, generator):
        return {self.measure: self.distance}


@pytest.mark.parametrize(
    ("start", "measure", "held_out", "left", "then"),
    [
        (4, "distance", "these", 3, 3),
        # The best of a future that is no more; 2 was the best until then.
        (2, "distance", "these", 2, 2),
        (4, "distance", "others", None, 5),
        (4, "another", "these", None, 5),
        (2, "distance", "others", None, 5),
    ],
)
def test_the_best_is_one_that_can_be_compared(
    make_recorder, tmp_path, start, measure, held_out, left, then
):
    with make_recorder(evaluator=(evaluator := Evaluator(9.0))) as recorder:
        for step, evaluator.distance in ((1, 3.0), (2, 2.0), (3, 1.0)):
            take_steps(recorder, 1.0)
            write(recorder, step, checkpoint=True, evaluation=True)
    other = Evaluator(7.0, measure, held_out)
    with make_recorder(start=start, evaluator=other) as recorder:
        assert checkpoints.find_best(tmp_path) == left
        take_steps(recorder, 1.0)
        write(recorder, 5, checkpoint=True, evaluation=True)
    best = checkpoints.load_best(tmp_path)
    assert best.step == then
    assert (best.measure, best.held_out) == (measure, held_out)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_never_the_best(make_recorder, tmp_path, value):
    with make_recorder(evaluator=(evaluator := Evaluator(value))) as recorder:
        for step, evaluator.distance in ((1, value), (2, 3.0), (3, value)):
            take_steps(recorder, 1.0)
            write(recorder, step, checkpoint=True, evaluation=True)
    assert checkpoints.find_best(tmp_path) == 2


def test_a_best_one_of_unknown_images_stays(make_recorder, tmp_path):
    """Version 0.1.0 doesn't record them."""
    checkpoints.mark_best(tmp_path, BestCheckpoint(1, "distance", 0.5))
    with make_recorder(start=1, evaluator=Evaluator(7.0)) as recorder:
        take_steps(recorder, 1.0)
        write(recorder, 2, checkpoint=True, evaluation=True)
    assert checkpoints.find_best(tmp_path) == 1


def test_a_worker_that_is_not_the_chief_leaves_nothing(make_recorder, tmp_path):
    with make_recorder(is_chief=False, saves_alone=False) as recorder:
        take_steps(recorder, 1.0)
        write(recorder, 1, metrics=True, samples=True, checkpoint=True)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_such_a_worker_reads_nothing_that_the_chief_writes(state, tmp_path):
    """The chief may be about to write it."""
    model = dataclasses.replace(CONFIG.model, num_classes=2)
    Recorder(
        dataclasses.replace(CONFIG, model=model), tmp_path / "none", state,
        Progress(9, 0, is_silent=True), 0, False, count_skipped=int,
    )  # fmt: skip


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_losses_that_are_not_finite_end_it(make_recorder, tmp_path, value):
    with pytest.raises(DivergenceError, match="diverged by step 1: losses"):
        with make_recorder() as recorder:
            take_steps(recorder, value)
            write(recorder, 1, metrics=True)
    assert not checkpoints.list_steps(tmp_path)


@pytest.mark.parametrize("name", ["x", "it's mine"])
def test_the_advice_may_be_copied(make_recorder, tmp_path, name):
    """Into a program as an argument, into a shell as a flag."""
    run_dir = tmp_path / name
    folder.make_run_dir(run_dir)
    (run_dir / "checkpoints" / "ckpt-1.index").touch()
    advice = {}
    for kind in (contextlib.nullcontext, settings_are_flags):
        with pytest.raises(DivergenceError) as error, kind():
            with make_recorder(run_dir=run_dir) as recorder:
                take_steps(recorder, np.nan)
                write(recorder, 1, metrics=True)
        text = str(error.value)
        advice[kind] = text.split("one with ")[1].split(" in a new ")[0]
    start = f"{run_dir}@STEP"
    assert advice[contextlib.nullcontext] == f"init_from={start!r}"
    assert shlex.split(advice[settings_are_flags]) == [f"--init_from={start}"]


def test_weights_that_are_not_finite_are_not_saved(
    make_recorder, state, tmp_path
):
    weight = state.generator.trainable_variables[0]
    before = weight.numpy()
    weight.assign(np.full_like(before, np.nan))
    try:
        with pytest.raises(DivergenceError, match="weights of"):
            with make_recorder() as recorder:
                take_steps(recorder, 1.0)
                write(recorder, 1, checkpoint=True)
    finally:
        weight.assign(before)
    assert not checkpoints.list_steps(tmp_path)


@pytest.mark.parametrize(
    ("saves_alone", "is_half_done", "saved"),
    [(True, False, [2]), (True, True, []), (False, False, [])],
)
def test_the_newest_whole_state_outlives_a_failure(
    make_recorder, tmp_path, saves_alone, is_half_done, saved
):
    """Two workers would wait for each other in a save."""
    with pytest.raises(OSError, match="a drive"):
        with make_recorder(saves_alone=saves_alone) as recorder:
            take_steps(recorder, 1.0, 1.0)
            if is_half_done:
                recorder.start_step()
            raise OSError("a drive went away")
    assert checkpoints.list_steps(tmp_path) == saved
