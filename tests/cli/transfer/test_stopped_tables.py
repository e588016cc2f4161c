"""A table of a probe that was stopped resumes where it was."""

import shutil
import signal

import pytest
from fixtures import forked, tiny_run
from fixtures.transfer import (
    accuracies,
    make_small,
    read,
    run,
)

from dcgan_tf.evaluation.linear_probe import probe, supervised


class Stopped(BaseException):
    """Like a signal: nothing catches it."""


def stop_at(monkeypatch, module, name, call):
    """Has a function stop everything at one of its calls."""
    real, calls = getattr(module, name), []

    def function(*arguments, **keywords):
        calls.append(arguments)
        if len(calls) == call:
            raise Stopped
        return real(*arguments, **keywords)

    monkeypatch.setattr(module, name, function)


@pytest.fixture(scope="module")
def whole_table(orphan, colours):
    """Accuracies of a table that nothing stopped."""
    with pytest.MonkeyPatch.context() as patch:
        make_small(patch)
        run_dir = shutil.copytree(orphan, orphan.parent / "whole")
        rows = "--probe_rows=D,pixels,supervised"
        assert run(run_dir, rows, f"--probe_image_dir={colours}") == 0
    return accuracies(read(run_dir))


@pytest.mark.parametrize(
    "rows, module, name, call, num_results, num_fits",
    [
        # In the draws of D with 6 labels, then in the fits with all labels:
        # those that choose C, and the last one.
        ("D,pixels", probe, "fit_svms", 2, 0, 0),
        ("D,pixels", probe, "_score", 18, 1, 3),
        ("D,pixels", probe, "fit_svms", 6, 1, 7),
        # In the next row; in one that isn't of fits.
        ("D,pixels", probe, "fit_svms", 8, 2, 0),
        ("pixels,supervised", supervised, "_train_and_test", 3, 3, 0),
    ],
)
def test_a_table_that_was_stopped_goes_on(
    run_dir,
    colours,
    whole_table,
    capsys,
    rows,
    module,
    name,
    call,
    num_results,
    num_fits,
):
    arguments = [f"--probe_rows={rows}", f"--probe_image_dir={colours}"]
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, module, name, call)
        with pytest.raises(Stopped):
            run(run_dir, *arguments)
    capsys.readouterr()
    assert run(run_dir, *arguments) == 0
    printed = capsys.readouterr().err
    assert printed.count("labels: done before, taken over") == num_results
    assert (f"{num_fits} fits done before" in printed) == (num_fits > 0)
    found = accuracies(read(run_dir))
    expected = {row: whole_table[row] for row in found}
    assert len(found) == 4 and found == pytest.approx(expected)
    kept = run_dir / "evaluation" / "probe_results"
    # Fits are gone.
    assert [path.suffix for path in kept.iterdir()] == [".json"] * 4


def test_rows_are_anothers_where_anything_differs(
    run_dir, colours, tmp_path, capsys
):
    def count_taken_over(*arguments):
        capsys.readouterr()
        rows = "--probe_rows=D,pixels,untrained"
        assert run(run_dir, rows, "--probe_labels=6", *arguments) == 0
        return capsys.readouterr().err.count("taken over")

    same = f"--probe_image_dir={colours}"
    assert count_taken_over(same) == 0
    assert count_taken_over(same) == 3
    assert count_taken_over(same, "--seed=1") == 0
    assert count_taken_over(same, "--probe_split=validation") == 0
    # The same pictures elsewhere are the same.
    moved = shutil.copytree(colours, tmp_path / "moved")
    assert count_taken_over(f"--probe_image_dir={moved}") == 3
    next(moved.glob("train/dark/*")).unlink()
    assert count_taken_over(f"--probe_image_dir={moved}") == 0
    # Another checkpoint has the pixels and the untrained D in common.
    pictures = tiny_run.make_pictures(tmp_path / "pictures")
    tiny_run.make_run(tmp_path / "other", pictures, steps=(1, 2))
    shutil.rmtree(run_dir / "checkpoints", ignore_errors=True)
    shutil.copytree(tmp_path / "other", run_dir, dirs_exist_ok=True)
    assert count_taken_over(same) == 2


def test_a_probe_that_was_stopped_does_not_cost_the_measures(
    colours, tmp_path, capsys
):
    run_dir = tiny_run.make_run(tmp_path / "run", colours)
    measures = ("--measures=frechet", "--features=random", "--num_samples=20")
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, probe, "fit_svms", 1)
        with pytest.raises(Stopped):
            run(run_dir, *measures, "--probe_rows=pixels")
    frechet = read(run_dir, "1")["measures"]["samples"]["frechet"]
    rest = ("--measures=none", "--probe_rows=pixels", "--probe_labels=6")
    assert run(run_dir, *rest) == 0
    result = read(run_dir, "1")
    assert result["measures"]["samples"]["frechet"] == frechet
    assert accuracies(result)


# Into a pipe, which says when something is written.
ERRORS_AS_OUTPUT = """
import sys
sys.stderr = sys.stdout
from dcgan_tf.cli import evaluate
sys.exit(evaluate.main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_a_killed_command_is_repeated_without_loss(run_dir, colours):
    """Its draws and fits are the real ones: the last rows take a while."""
    arguments = [f"--run_dir={run_dir}", "--probe=few_labels"]
    arguments += [f"--probe_image_dir={colours}", "--probe_labels=10,all"]
    arguments += ["--probe_rows=D,pixels,untrained,supervised"]
    process = forked.Program(["-c", ERRORS_AS_OUTPUT, *arguments])
    for line in process.stdout:
        if "raw pixels, 120 labels: right" in line:
            process.send_signal(signal.SIGTERM)
            break
    assert "stopped by SIGTERM" in process.communicate(timeout=300)[0]
    assert process.returncode == 75
    repeated = forked.run(["-m", "dcgan_tf.cli.evaluate", *arguments])
    assert repeated.returncode == 0, repeated.stderr
    for name in ("D", "raw pixels"):
        assert f"{name}, 120 labels: done before" in repeated.stderr
    assert "untrained D, 120 labels: right" in repeated.stderr
    assert "trained with labels alone" in repeated.stdout
