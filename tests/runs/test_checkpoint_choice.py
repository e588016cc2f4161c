"""Commands say which step they use, and that a better one exists."""

import pytest
from fixtures.tiny_run import make_pictures, make_run

from dcgan_tf.cli import analyze, export, sample
from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.best_checkpoint import BestCheckpoint
from dcgan_tf.runs.checkpoint_choice import describe_checkpoint
from dcgan_tf.serving.export import Export

METRICS = "step,d_loss,frechet_random\n1,,0.75\n2,0.5,\n3,,0.875\n"


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("choice")
    run_dir = make_run(
        folder / "run", make_pictures(folder / "pictures"), steps=(1, 2, 3)
    )
    (run_dir / "metrics.csv").write_text(METRICS)
    checkpoints.mark_best(run_dir, BestCheckpoint(1, "frechet_random", 0.75))
    return run_dir


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (1, "step 1"),
        (2, "step 2; step 1 was the best one evaluated (frechet_random 0.75):"
            " checkpoint='best' takes it"),
        (3, "step 3; step 1 was the best one evaluated (frechet_random 0.75, "
            "against 0.875 here): checkpoint='best' takes it"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_step(run_dir, step, text):
    assert describe_checkpoint(run_dir, step) == text


@pytest.mark.parametrize(
    "best", [None, '{"step": 9, "measure": "x", "value": 1}', "{"]
)
def test_what_there_isnt_is_not_named(tmp_path, best):
    if best is not None:
        path = checkpoints.find_best_file(tmp_path)
        path.parent.mkdir()
        path.write_text(best)
    assert describe_checkpoint(tmp_path, 3) == "step 3"


def test_commands_say_it(run_dir, tmp_path, capsys, monkeypatch):
    better = "step 3; step 1 was the best one evaluated"
    argv = [f"--run_dir={run_dir}", f"--output={tmp_path / 'a.png'}"]
    assert sample.main([*argv, "--num=1"]) == 0
    out = capsys.readouterr().out
    assert f"drawn at {better}" in out and "--checkpoint=best takes it" in out
    assert sample.main([*argv, "--num=1", "--checkpoint=best"]) == 0
    assert "drawn at step 1\n" in capsys.readouterr().out
    assert analyze.main(["filters", argv[0]]) == 0
    out, errors = capsys.readouterr()
    assert better in errors and "step" not in out
    for step, is_said in ((3, True), (1, False)):
        made = Export(1, step, (), ())
        monkeypatch.setattr(
            "dcgan_tf.serving.export.export_run",
            lambda *_, made=made, **__: made,
        )
        assert export.main([f"--run_dir={run_dir}"]) == 0
        out = capsys.readouterr().out
        assert f"version 1 of step {step}" in out
        assert (f"exported {better}" in out) == is_said
