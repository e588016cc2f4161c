"""The evaluate command on tiny runs; bad flags before anything slow."""

import dataclasses
import json
import shutil
import subprocess
import sys
import types

import numpy as np
import pytest
from fixtures import tiny_run

from dcgan_tf.cli import evaluate
from dcgan_tf.cli.command import UsageError
from dcgan_tf.cli.model_flags import find_moved_data
from dcgan_tf.config import DataConfig
from dcgan_tf.evaluation import sample_measures
from dcgan_tf.evaluation.linear_probe import encoder, supervised
from dcgan_tf.evaluation.linear_probe.protocols import PROTOCOLS
from dcgan_tf.evaluation.set_measures import FUNCTIONS
from dcgan_tf.evaluation.settings import SET_MEASURES, Settings

CHEAP = ["--features=random", "--num_samples=60"]


@pytest.mark.parametrize(
    "argv, message",
    [
        (["--measures=fid"], "frechet"),
        (["--measures=none"], "leave nothing"),
        (["--probe=stl"], "few_labels"),
        (["--features=inception"], "inception_path"),
        (["--inception_path=x.pb"], "features=inception"),
        (["--run_dir=a", "--export_dir=b"], "one of"),
        (["--data_dir=a", "--image_dir=b"], "one of"),
        (["--compare", "one"], "two runs or more"),
        (["--compare", "a", "b", "--run_dir=c"], "as arguments"),
        (["stray"], "stray"),
        (["--num_samples=1"], "num_samples"),
        (["--probe=few_labels", "--probe_labels=7"], "1000, all; not 7"),
        (["--probe=few_labels", "--probe_rows=E"], "--probe_rows is 'E'; use"),
    ],
)
def test_bad_flags_are_refused_in_one_line(argv, message, capsys, monkeypatch):
    # Before what takes its time.
    monkeypatch.setattr(evaluate, "import_tensorflow", None)
    assert evaluate.main(argv) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_of_several_runs_some_may_be_of_a_folder():
    """Alone it is refused; see `transfer/test_refusals.py`."""
    data = DataConfig("image_folder", "pets")
    values = types.SimpleNamespace(data_dir="tfds", image_dir=None)
    with pytest.raises(UsageError, match="means nothing to an image folder"):
        find_moved_data(data, values)
    moved = find_moved_data(data, values, is_one_of_many=True)
    assert moved.image_dir == "pets"


def test_a_folder_that_is_no_run_is_named(tmp_path, capsys):
    assert evaluate.main([f"--run_dir={tmp_path}"]) == 1
    error = capsys.readouterr().err
    assert str(tmp_path) in error and "config.json" in error


def test_runs_to_compare_are_all_there_before_any_is_evaluated(
    tmp_path, capsys
):
    run_dir = tiny_run.make_run(
        tmp_path / "run", tiny_run.make_pictures(tmp_path / "p")
    )
    assert evaluate.main(["--compare", str(run_dir), str(tmp_path / "p")]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert "config.json" in errors[-1] and "loading" not in str(errors)


def test_help_offers_what_the_library_has():
    """Names lie where nothing imports TensorFlow."""
    assert tuple(FUNCTIONS) == tuple(SET_MEASURES)


def test_help_needs_no_tensorflow():
    code = (
        "import sys, dcgan_tf.cli.evaluate, dcgan_tf.cli.sample, "
        "dcgan_tf.cli.analyze; sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    "name, expected",
    [
        ("two_sample", "c2st"),
        ("class_score", "inception_style_score"),
        ("c2st", "c2st"),
        ("frechet", "frechet"),
    ],
)
def test_measures_of_0_1_0_are_taken(name, expected, tmp_path, capsys):
    assert Settings(measures=(name,)).measures == (expected,)
    # The flag passes; what is missing is the run.
    argv = [f"--run_dir={tmp_path}", f"--measures={name}"]
    assert evaluate.main(argv) == 1
    assert "config.json" in capsys.readouterr().err


def make_run(folder, num_classes=0, seed=0):
    """A tiny network of digits of 16x16 pixels, saved before any training."""
    from dcgan_tf.presets import resolve_run_config

    config = resolve_run_config(
        {
            "image_size": (16, 16),
            "base_filters": 4,
            "latent_dim": 5,
            "num_classes": num_classes,
            "steps": 2,
            "batch_size": 4,
            "seed": seed,
        }
    )
    tiny_run.save_run(folder, config, step=2)
    return folder


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("runs") / "a")


def test_samples_without_segments_cost_nothing_else(
    run_dir, few_digits_once, tmp_path, monkeypatch, capsys
):
    """As all-black ones are, of a G that has collapsed."""
    from dcgan_tf.evaluation import segmentation

    run_dir = shutil.copytree(run_dir, tmp_path / "run")
    monkeypatch.setattr(
        segmentation,
        "label_strokes",
        lambda images: np.zeros(images.shape[:3], np.int64),
    )
    argv = (f"--run_dir={run_dir}", "--num_samples=60", "--features=random")
    measures = "--measures=sliced_wasserstein,segmentation"
    assert evaluate.main([*argv, measures]) == 0
    assert "segmentation is left out: 1 labelled" in capsys.readouterr().err
    result = json.loads((run_dir / "evaluation" / "2.json").read_text())
    assert "segmentation" not in result and result["measures"]["samples"]


@pytest.fixture(scope="module")
def conditional(tmp_path_factory):
    """An untrained run of two classes, and others to measure it by.

    Beside it `plain`, a run on the same pictures without classes.
    """
    folder = tmp_path_factory.mktemp("conditional")
    for name in ("p/cat", "p/dog", "other/emu", "other/fox"):
        tiny_run.make_pictures(folder / name)
    tiny_run.make_run(folder / "plain", folder / "p")
    model = dataclasses.replace(tiny_run.MODEL, num_classes=2)
    return tiny_run.make_run(folder / "run", folder / "p", model)


@pytest.mark.parametrize(
    ("is_conditional", "measures", "left_out"),
    [
        (True, "one_nn", ["one_nn is left out: the held-out images have no"]),
        (False, "one_nn", ["one_nn is left out: it is for conditional runs"]),
        (True, "segmentation", ["segmentation is left out: it is for digits"]),
        (
            True,
            "coverage,inception_style_score",
            [
                "inception_style_score is left out: these f",
                "coverage is left out",
            ],
        ),
        (
            False,
            "one_nn,segmentation",
            ["one_nn is left out: it is f", "segmentation is left out: it is"],
        ),
        (True, "one_nn,sliced_wasserstein", ["one_nn is left out: the held"]),
    ],
)
def test_what_is_named_and_left_out_is_said(
    conditional, tmp_path, capsys, is_conditional, measures, left_out
):
    run_dir = conditional
    if not is_conditional:
        run_dir = conditional.parent / "plain"
    run_dir = shutil.copytree(run_dir, tmp_path / "copy")
    path = run_dir / "evaluation" / "1.json"
    path.parent.mkdir()
    path.write_text('{"measures": {"samples": {"frechet": 1.0}}}')
    earlier = path.read_text()
    argv = [
        f"--run_dir={run_dir}", "--features=random", "--num_samples=10",
        f"--held_out_dir={conditional.parent / 'other'}",
    ]  # fmt: skip
    # Where nothing is left, nothing takes the place of earlier results.
    is_measured = "sliced" in measures
    assert evaluate.main([*argv, f"--measures={measures}"]) == (not is_measured)
    assert (path.read_text() != earlier) == is_measured
    lines = capsys.readouterr().err.splitlines()
    if not is_measured:
        assert f"nothing can be measured of '{run_dir}': " in lines[-1]
        assert lines.pop().endswith("; name other --measures")
    said = [line for line in lines if "is left out" in line]
    assert len(said) == len(left_out)
    for line, expected in zip(said, left_out, strict=True):
        assert expected in line


@pytest.mark.parametrize(
    ("classes", "is_measured"),
    [(("cat", "dog"), True), (("dog",), False), (("0", "1"), False)],
)
def test_held_out_classes_count_by_their_names(
    conditional, tmp_path, capsys, classes, is_measured
):
    """Of one folder alone none are told apart."""
    for name in classes:
        tiny_run.make_pictures(tmp_path / "others" / name)
    argv = [f"--run_dir={shutil.copytree(conditional, tmp_path / 'run')}"]
    argv += [f"--held_out_dir={tmp_path / 'others'}", "--measures=one_nn"]
    assert evaluate.main(argv) == (not is_measured)
    lacks = "the held-out images have no classes, or others than the run's"
    assert (lacks in capsys.readouterr().err) != is_measured


@pytest.mark.parametrize(
    ("is_conditional", "flags", "message"),
    [
        (True, [], "a conditional discriminator needs a label"),
        (False, ["--probe_labels=1000"], "no probe is possible"),
        (False, ["--probe_rows=start"], "has no row 'start'"),
        (False, ["--probe_image_dir=gone"], "not there"),
    ],
)
def test_a_probe_is_refused_before_measures_take_their_time(
    conditional, capsys, is_conditional, flags, message
):
    run_dir = conditional
    if not is_conditional:
        run_dir = conditional.parent / "plain"
    argv = [f"--run_dir={run_dir}", "--measures=frechet", "--probe=few_labels"]
    assert evaluate.main([*argv, *flags]) == 1
    errors = capsys.readouterr().err
    assert message in errors.splitlines()[-1]
    assert "samples" not in errors


@pytest.mark.slow
def test_measures_are_printed_written_and_drawn(
    run_dir, few_digits_once, capsys
):
    assert evaluate.main([f"--run_dir={run_dir}", *CHEAP]) == 0
    printed = capsys.readouterr()
    result = json.loads((run_dir / "evaluation" / "2.json").read_text())
    samples = result["measures"]["samples"]
    assert {"frechet", "kernel", "recall", "c2st"} <= set(samples)
    assert samples["copying_pixels_memorized_fraction"] < 0.1
    assert result["measures"]["training"]["frechet"] < samples["frechet"]
    assert result["counts"]["samples"] == 60
    assert result["feature_extractor"]["name"] == "random"
    assert result["segmentation"]["rows"][0]["num_labelled"] == 1
    for name in (*samples, "G's features", "60 samples", "resize: none"):
        assert name in printed.out
    assert "one_nn" not in result  # It is for conditional runs.
    assert "drawing 60 samples" in printed.err
    for figure in ("neighbours", "segmentation"):
        assert (run_dir / "evaluation" / f"2-{figure}.png").stat().st_size


@pytest.mark.slow
def test_the_probe_has_a_row_for_each_kind_of_features(
    run_dir, few_digits_once, capsys, monkeypatch
):
    few = dataclasses.replace(
        PROTOCOLS["few_labels"], label_counts=(10, 20),
        num_validation_draws=2, num_test_draws=2,
    )  # fmt: skip
    monkeypatch.setitem(PROTOCOLS, "few_labels", few)
    monkeypatch.setattr(supervised, "_STEPS", (10, 10))
    monkeypatch.setattr(encoder, "_BATCH_SIZE", 4)
    arguments = ["--measures=none", "--probe=few_labels"]
    assert evaluate.main([f"--run_dir={run_dir}", *arguments]) == 0
    printed = capsys.readouterr().out
    result = json.loads((run_dir / "evaluation" / "2.json").read_text())
    rows = {(row["features"], row["num_labels"]) for row in result["probe"]}
    names = {name for name, _ in rows}
    assert names == {
        "D",
        "raw pixels",
        "untrained D",
        "G at the recovered latent",
        "trained with labels alone",
    }
    assert len(rows) == 10 and all(name in printed for name in names)
    assert (run_dir / "evaluation" / "2-few_labels.png").stat().st_size
    arguments[-1] = "--probe=cifar10"
    assert evaluate.main([f"--run_dir={run_dir}", *arguments]) == 1
    assert "the run was trained on mnist_5k" in capsys.readouterr().err


@pytest.mark.slow
def test_runs_are_compared_side_by_side(
    run_dir, few_digits_once, tmp_path, capsys
):
    other = make_run(tmp_path / "b", seed=1)
    arguments = [str(run_dir), str(other), *CHEAP, "--measures=frechet"]
    assert evaluate.main(["--compare", *arguments]) == 0
    printed = capsys.readouterr().out
    assert f"{run_dir}@2" in printed and f"{other}@2" in printed
    figures = next(
        line.split()[1:]
        for line in printed.splitlines()
        if line.startswith("frechet")
    )
    assert len(set(figures)) == 2


@pytest.mark.slow
def test_a_conditional_run_classifies_by_its_samples(
    tmp_path, capsys, monkeypatch
):

    monkeypatch.setattr(sample_measures, "_NUM_ONE_NN_SAMPLES", 100)
    run_dir = make_run(tmp_path / "c", num_classes=10)
    assert evaluate.main([f"--run_dir={run_dir}", "--measures=one_nn"]) == 0
    result = json.loads((run_dir / "evaluation" / "2.json").read_text())
    one_nn = result["one_nn"]
    assert (one_nn["num_samples"], one_nn["num_training"]) == (100, 4_000)
    # Untrained networks draw no digits; real ones teach.
    assert one_nn["training_error"] < 0.1 < 0.5 < one_nn["samples_error"]
    assert "100 labelled samples" in capsys.readouterr().out
    arguments = ["--measures=none", "--probe=few_labels"]
    assert evaluate.main([f"--run_dir={run_dir}", *arguments]) == 1
    assert "conditional" in capsys.readouterr().err
