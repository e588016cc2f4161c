"""Runs that go wrong say so while they train, and where one looks later."""

import csv

import pytest
from tensorboard.backend.event_processing import event_accumulator

from dcgan_tf.cli import analyze, train
from dcgan_tf.evaluation import checkpoint_selection
from dcgan_tf.run_report.report import write_report
from dcgan_tf.runs import checkpoints

pytestmark = pytest.mark.usefixtures("few_digits")
TINY = (
    "--image_size=16", "--base_filters=4", "--latent_dim=8",
    "--batch_size=4", "--strategy=one_device", "--precision=float32",
    "--report_every=1000", "--sample_every=1000",
)  # fmt: skip


def test_a_run_that_explodes_says_so_everywhere(tmp_path, capsys):
    run_dir = tmp_path / "run"
    argv = [*TINY, "--learning_rate=1e6", f"--run_dir={run_dir}"]
    assert train.main([*argv, "--steps=52"]) == 0
    out, errors = capsys.readouterr()
    lines = [line for line in out.splitlines() if "divergence" in line]
    assert lines[0].startswith("WARNING: step 50: divergence: losses have")
    assert "--learning_rate" in lines[0]
    # Once as it was noticed, once after `Done`, and not as an error.
    assert len(lines) == 2 and out.splitlines()[-1] == lines[1]
    assert "divergence" not in errors
    with (run_dir / "warnings.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["step"], row["kind"]) == ("50", "divergence")
    with (run_dir / "metrics.csv").open(newline="") as file:
        (metrics,) = csv.DictReader(file)
    assert float(metrics["sample_contrast"]) > 0
    events = event_accumulator.EventAccumulator(str(run_dir / "logs"))
    events.Reload()
    assert "warnings" in events.PluginTagToContent("text")
    assert analyze.main(["report", f"--run_dir={run_dir}"]) == 0
    page = (run_dir / "report.html").read_text()
    assert 'href="#warnings"' in page and "losses have exploded" in page


def test_a_run_without_improvement_ends_and_can_go_on(
    tmp_path, capsys, monkeypatch
):
    values = iter([3.0, 2.0, 2.5, 2.0, 9.0])

    def build(config, **_):
        return lambda generator: {"frechet_random": next(values)}

    monkeypatch.setattr(
        checkpoint_selection, "build_checkpoint_evaluator", build
    )
    run_dir = tmp_path / "run"

    def run(*argv):
        code = train.main([*TINY, *argv, f"--run_dir={run_dir}"])
        return code, *capsys.readouterr()

    argv = ("--steps=20", "--eval_every=2", "--checkpoint_every=2")
    code, out, _ = run(*argv, "--patience=2")
    assert code == 0
    assert "Stopped after step 8 of 20: the last 2 evaluations" in out
    assert "step 4 (frechet_random 2)" in out and "--patience=0" in out
    assert "Done" not in out and checkpoints.list_steps(run_dir)[-1] == 8
    # The same command again does nothing, and says how to go on.
    code, out, _ = run(*argv, "--patience=2")
    assert code == 0 and "Stopped after step 8" in out and next(values) == 9.0
    write_report(run_dir)
    page = (run_dir / "report.html").read_text()
    assert "Best checkpoint: step 4 (frechet_random 2)" in page
    assert "Ended early" in page


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        (["--patience=3"], "eval_every"),
        (["--patience=-1", "--eval_every=2"], "patience is -1"),
    ],
)
def test_patience_without_evaluations_is_refused(argv, part, capsys):
    assert train.main([*TINY, *argv]) == 2
    errors = capsys.readouterr().err.strip()
    assert part in errors and len(errors.splitlines()) == 1
