"""D learns on some images and is probed on others, through the command."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from fixtures import forked, tiny_run
from fixtures.errors import list_errors
from PIL import Image

from dcgan_tf.cli import evaluate
from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.evaluation.linear_probe import encoder, probe, supervised
from dcgan_tf.evaluation.linear_probe.protocols import PROTOCOLS

# Warm, cold and dark: a pixel tells.
COLOURS = {"cold": (40, 90, 220), "dark": (20, 20, 20), "warm": (220, 120, 40)}
NUM_TRAINING, NUM_TEST = 40, 20  # Of each class.


def make_colours(folder, layout="{split}/{name}", held_out="test"):
    """Writes noisy pictures of a class each, 20 wide and 18 high."""
    rng = np.random.default_rng(1)
    for split, count in (("train", NUM_TRAINING), (held_out, NUM_TEST)):
        for name, colour in COLOURS.items():
            place = folder / layout.format(split=split, name=name)
            place.mkdir(parents=True, exist_ok=True)
            for index in range(count):
                noise = rng.integers(-20, 21, (18, 20, 3))
                pixels = np.clip(noise + colour, 0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(place / f"{split}{index}.png")
    return folder


@pytest.fixture(scope="module")
def colours(tmp_path_factory):
    return make_colours(tmp_path_factory.mktemp("probed") / "colours")


@pytest.fixture(scope="module")
def orphan(tmp_path_factory):
    """A run whose own pictures are deleted, and a grey one."""
    folder = tmp_path_factory.mktemp("orphan")
    pictures = tiny_run.make_pictures(folder / "pictures")
    tiny_run.make_run(folder / "run", pictures)
    grey = ModelConfig((16, 16), 1, latent_dim=5, base_filters=4, kernel_size=3)
    tiny_run.make_run(folder / "grey", pictures, grey)
    shutil.rmtree(pictures)
    return folder / "run"


@pytest.fixture
def run_dir(orphan, tmp_path):
    """A copy, without results."""
    return shutil.copytree(orphan, tmp_path / "run")


@pytest.fixture(autouse=True)
def small(monkeypatch):
    make_small(monkeypatch)


def make_small(monkeypatch):
    """Few draws, few steps: what is tested isn't how well D does."""
    few = dataclasses.replace(
        PROTOCOLS["few_labels"],
        label_counts=(6, None),
        num_validation_draws=2,
        num_test_draws=2,
    )
    monkeypatch.setitem(PROTOCOLS, "few_labels", few)
    monkeypatch.setattr(supervised, "_STEPS", (10, 10))
    monkeypatch.setattr(encoder, "_BATCH_SIZE", 4)


def run(run_dir, *arguments):
    place = [] if run_dir is None else [f"--run_dir={run_dir}"]
    return evaluate.main([*place, "--probe=few_labels", *map(str, arguments)])


def read(folder, name="1-few_labels-colours"):
    return json.loads((folder / "evaluation" / f"{name}.json").read_text())


def accuracies(result):
    return {
        (row["features"], row["num_labels"]): row["accuracy"]
        for row in result["probe"]
    }


def test_every_row_is_there_without_the_runs_own_images(
    run_dir, colours, capsys
):
    assert run(run_dir, f"--probe_image_dir={colours}") == 0
    printed = capsys.readouterr()
    result = read(run_dir)
    found = accuracies(result)
    assert {name for name, _ in found} == {
        "D",
        "raw pixels",
        "untrained D",
        "G at the recovered latent",
        "trained with labels alone",
    }
    for labels in (6, 120):
        assert found["raw pixels", labels] > 0.9
        assert found["D", labels] > 0.9
    # What was trained on what, everywhere.
    data = result["probe_data"]
    assert result["trained_on"].endswith("pictures")
    assert (data["dataset"], data["tested_on"]) == (str(colours), "test")
    assert (data["num_training"], data["num_test"]) == (120, 60)
    assert data["image_size"] == [16, 16] and data["num_classes"] == 3
    assert "of 120 of the probe's" in result["discriminator_statistics"]
    for part in (str(colours), result["trained_on"], "60 (test)", "of 120 of"):
        assert part in printed.out
    # Of its own data nothing was said: none were asked for.
    assert "can't be read" not in printed.err
    assert not (run_dir / "evaluation" / "1.json").exists()
    figure = run_dir / "evaluation" / "1-few_labels-colours.png"
    assert figure.stat().st_size


@pytest.mark.parametrize("held_out", ["val", "valid", "validation"])
def test_held_out_folders_have_any_usual_name(run_dir, tmp_path, held_out):
    folder = make_colours(tmp_path / "colours", held_out=held_out)
    arguments = ["--probe_rows=pixels", f"--probe_image_dir={folder}"]
    assert run(run_dir, *arguments) == 0
    assert read(run_dir)["probe_data"]["tested_on"] == held_out


def test_a_folder_of_classes_is_split_by_hash(run_dir, tmp_path):
    folder = make_colours(tmp_path / "colours", layout="{name}")
    arguments = ["--probe_rows=pixels", f"--probe_image_dir={folder}"]
    assert run(run_dir, *arguments) == 0
    data = read(run_dir)["probe_data"]
    assert data["num_training"] + data["num_test"] == 180
    assert 0 < data["num_test"] < 40


def test_a_grey_run_sees_colours_in_grey(orphan, colours, tmp_path):
    run_dir = shutil.copytree(orphan.parent / "grey", tmp_path / "grey")
    arguments = ["--probe_rows=D,pixels", f"--probe_image_dir={colours}"]
    assert run(run_dir, *arguments) == 0
    assert read(run_dir)["probe_data"]["channels"] == 1
    # The middle one of three greys no line tells from both others.
    assert accuracies(read(run_dir))["raw pixels", 120] > 0.6


def test_images_are_fitted_as_the_runs_own(run_dir, colours, monkeypatch):
    """What D has learnt to see: a border, where the run's images have one."""
    from dcgan_tf.evaluation.linear_probe import table

    path = run_dir / "config.json"
    record = json.loads(path.read_text())
    record["data"] |= {"fit": "pad", "background": "#00ff00"}
    path.write_text(json.dumps(record))
    seen = []
    real_load = table.load_probe_images

    def load_probe_images(*args):
        seen.append(real_load(*args))
        return seen[0]

    monkeypatch.setattr(table, "load_probe_images", load_probe_images)
    arguments = ["--probe_rows=pixels", "--probe_labels=6"]
    assert run(run_dir, *arguments, f"--probe_image_dir={colours}") == 0
    for images in (seen[0].training, seen[0].held_out):  # 20 wide, 18 high.
        assert (images[:, 0] == (0, 255, 0)).all()
        assert (images[:, 8] != (0, 255, 0)).any(axis=-1).all()


def test_a_dataset_is_named_as_elsewhere(run_dir, monkeypatch):
    few = dataclasses.replace(PROTOCOLS["few_labels"], label_counts=(100,))
    monkeypatch.setitem(PROTOCOLS, "few_labels", few)
    arguments = ["--probe_rows=pixels", "--probe_dataset=MNIST_5k"]
    assert run(run_dir, *arguments) == 0
    result = read(run_dir, "1-few_labels-mnist_5k")
    assert result["probe_data"]["dataset"] == "mnist_5k"
    assert accuracies(result)["raw pixels", 100] > 0.5


def test_an_export_is_probed_with_the_statistics_it_carries(
    run_dir, colours, tmp_path, capsys
):
    from dcgan_tf.serving.export import export_run

    export_run(run_dir, tmp_path / "export", formats=("saved_model",))
    arguments = [f"--export_dir={tmp_path / 'export'}", "--probe=few_labels"]
    arguments += [f"--probe_image_dir={colours}"]
    assert evaluate.main(arguments) == 0
    assert "those that the export carries" in capsys.readouterr().out
    result = read(tmp_path / "export")
    names = {name for name, _ in accuracies(result)}
    assert {"D", "untrained D", "raw pixels"} <= names
    assert "G at the recovered latent" not in names


def test_validation_images_are_held_out_of_the_training_images(
    run_dir, colours, capsys
):
    from dcgan_tf.evaluation.linear_probe import probe_images

    opened = []
    real_load = probe_images.load_source

    def load_source(data, split=None):
        opened.append(split)
        return real_load(data, split)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probe_images, "load_source", load_source)
        arguments = ["--probe_split=validation", "--probe_rows=D,pixels"]
        assert run(run_dir, *arguments, f"--probe_image_dir={colours}") == 0
    assert opened == [None]  # The test set isn't read.
    data = read(run_dir, "1-few_labels-colours-validation")["probe_data"]
    assert (data["num_training"], data["num_test"]) == (90, 30)
    assert data["tested_on"] == "held out of train"
    assert "30 (held out of train)" in capsys.readouterr().out


def test_a_runs_own_training_images_stand_in_too(orphan, colours, tmp_path):
    run_dir = tmp_path / "run"
    tiny_run.make_run(run_dir, colours)
    arguments = ["--measures=none", "--probe_rows=pixels"]
    assert run(run_dir, *arguments, "--probe_split=validation") == 0
    result = read(run_dir, "1-few_labels-validation")
    data = result["probe_data"]
    assert (data["num_training"], data["num_test"]) == (90, 30)
    assert "run's training images" in result["discriminator_statistics"]
    # The test has a file of its own, with what else there is of the step.
    assert run(run_dir, *arguments) == 0
    assert read(run_dir, "1")["probe_data"]["tested_on"] == "test"
    assert read(run_dir, "1-few_labels-validation") == result


def test_the_library_does_what_the_command_does(run_dir, colours):
    import dcgan_tf

    result = dcgan_tf.load(run_dir).evaluate(
        [],
        probe="few_labels",
        probe_data=DataConfig("image_folder", image_dir=str(colours)),
        probe_rows=["pixels"],
    )
    assert result["probe_data"]["num_test"] == 60
    written = read(run_dir)
    assert json.loads(json.dumps(result["probe"])) == written["probe"]
    assert run(run_dir, f"--probe_image_dir={colours}", "--probe_rows=D") == 0
    assert len(read(run_dir)["probe"]) == 4
    for wrong in ({"probe_rows": ["E"]}, {"probe_split": "train"}):
        with pytest.raises(ValueError, match="untrained"):
            dcgan_tf.load(run_dir).evaluate([], probe="few_labels", **wrong)


def test_statistics_are_of_the_probes_images_and_nobody_elses(orphan, colours):
    """The D that a run gives to others keeps its own."""
    from dcgan_tf.runs.trained_model import load_trained_model

    images = np.zeros((4, 16, 16, 3), np.uint8)
    model = load_trained_model(orphan)
    before = model.compute_features(images)
    rng = np.random.default_rng(0)
    batch = rng.uniform(-1, 1, (8, 16, 16, 3)).astype(np.float32)
    other = model.with_real_batches([batch])
    assert np.abs(other.compute_features(images) - before).max() > 1e-3
    np.testing.assert_array_equal(model.compute_features(images), before)
    assert model.digest_discriminator() == other.digest_discriminator()


def test_some_of_a_protocols_label_counts(run_dir, colours, capsys):
    arguments = ["--probe_rows=pixels", f"--probe_image_dir={colours}"]
    for labels, counts in (("6", {6}), ("all", {6, 120}), ("all,6", {6, 120})):
        assert run(run_dir, *arguments, f"--probe_labels={labels}") == 0
        assert {count for _, count in accuracies(read(run_dir))} == counts
    for labels, code, said in (
        ("7", 1, "label counts: 6, all; not 7"),
        ("many", 2, "--probe_labels=many: use numbers and all"),
        ("-1", 2, "--probe_labels=-1: use numbers and all"),
    ):
        capsys.readouterr()
        assert run(run_dir, *arguments, f"--probe_labels={labels}") == code
        (line,) = list_errors(capsys.readouterr().err)
        assert said in line


def test_rows_of_one_probe_add_up(run_dir, colours, capsys):
    for rows in ("pixels", "D"):
        arguments = [f"--probe_rows={rows}", f"--probe_image_dir={colours}"]
        assert run(run_dir, *arguments) == 0
    printed = capsys.readouterr().out
    assert "raw pixels" not in printed[printed.index("\nD (") :]
    assert {name for name, _ in accuracies(read(run_dir))} == {
        "D",
        "raw pixels",
    }


@pytest.mark.parametrize(
    "arguments, code, message",
    [
        (["--probe_dataset=mnist_5k"], 2, "without --probe"),
        (["--probe_image_dir=x"], 2, "without --probe"),
        (["--probe_split=validation"], 2, "without --probe"),
        (["--probe_rows=D"], 2, "without --probe"),
        (
            ["--probe=few_labels", "--probe_dataset=a", "--probe_image_dir=b"],
            2,
            "one of --probe_dataset and --probe_image_dir",
        ),
        (["--probe=few_labels", "--probe_data_dir=a"], 2, "--probe_dataset"),
        (["--probe=few_labels", "--probe_rows=E"], 2, "untrained"),
        (["--probe=few_labels", "--probe_split=train"], 2, "validation"),
        (["--probe=few_labels", "--probe_dataset=image_folder"], 2, "_dir"),
        (["--probe=few_labels", "--probe_image_dir=gone"], 1, "not there"),
        (["--probe=few_labels", "--probe_dataset=toy_faces"], 1, "attributes"),
        (["--probe=cifar10", "--probe_dataset=mnist_5k"], 1, "holds out 10000"),
        (
            [
                "--probe=few_labels",
                "--probe_dataset=mnist_5k",
                "--probe_rows=start",
            ],
            1,
            "no row 'start'; it has D, pixels, untrained, G, supervised",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(
    run_dir, few_faces, capsys, arguments, code, message
):
    assert evaluate.main([f"--run_dir={run_dir}", *arguments]) == code
    error = capsys.readouterr().err
    assert message in error
    assert error.strip().splitlines()[-1].count("error:") == 1
    assert not (run_dir / "evaluation").exists()


def make_flat(folder):
    return make_colours(folder, layout="{split}")


def make_lacking(folder):
    """A class of which nothing is held out but other classes'."""
    make_colours(folder)
    os.rename(folder / "test" / "warm", folder / "test" / "hot")
    return folder


def make_one_class(folder):
    make_colours(folder)
    for split in ("train", "test"):
        for name in ("warm", "dark"):
            shutil.rmtree(folder / split / name)
    return folder


def make_few(folder):
    """So few that none are held out of them."""
    make_colours(folder, layout="{name}")
    for path in sorted(folder.glob("*/*.png")):
        if not path.name.endswith("n0.png"):
            path.unlink()
    return folder


@pytest.mark.parametrize(
    "make, protocol, message",
    [
        (make_few, "few_labels", "fewer than 20 images, of which none"),
        (make_flat, "few_labels", "one class each"),
        (make_lacking, "few_labels", "not all of the classes"),
        (make_one_class, "few_labels", "one class each"),
        (make_colours, "cifar10", "holds out 10000 of them and draws 4000"),
        (make_colours, "svhn_1000", "holds out 10000 of them and draws 1000"),
    ],
)
def test_folders_that_do_not_fit_are_refused_in_words(
    run_dir, tmp_path, capsys, make, protocol, message
):
    folder = make(tmp_path / "bad")
    arguments = [f"--probe={protocol}", f"--probe_image_dir={folder}"]
    assert evaluate.main([f"--run_dir={run_dir}", *arguments]) == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert message in error and str(folder) in error


@pytest.mark.parametrize(
    ("labels", "code", "message"),
    [
        ("6", 0, None),
        ("200", 1, "images to draw from, and 200 labels take"),
        ("6,200", 0, "200 labels are left out: class 0 has "),
    ],
)
def test_counts_that_images_do_not_allow(
    run_dir, colours, capsys, monkeypatch, labels, code, message
):
    few = dataclasses.replace(PROTOCOLS["few_labels"], label_counts=(6, 200))
    monkeypatch.setitem(PROTOCOLS, "few_labels", few)
    arguments = ["--probe_rows=pixels", f"--probe_image_dir={colours}"]
    assert run(run_dir, *arguments, f"--probe_labels={labels}") == code
    error = capsys.readouterr().err
    assert "Traceback" not in error and (message or "") in error
    assert (run_dir / "evaluation").exists() == (code == 0)


def test_a_papers_protocol_takes_a_folder_with_its_counts(
    run_dir, colours, monkeypatch
):
    counts = dataclasses.replace(
        PROTOCOLS["cifar10"], label_counts=(60, None), num_validation=30
    )
    monkeypatch.setitem(PROTOCOLS, "cifar10", counts)
    arguments = [f"--probe_image_dir={colours}", "--probe_rows=pixels"]
    arguments = [f"--run_dir={run_dir}", "--probe=cifar10", *arguments]
    assert evaluate.main(arguments) == 0
    found = accuracies(read(run_dir, "1-cifar10-colours"))
    assert list(found) == [("raw pixels", 60), ("raw pixels", 120)]
    # Its counts are all there or it is refused; few_labels leaves some out.
    many = dataclasses.replace(counts, label_counts=(88, None))
    monkeypatch.setitem(PROTOCOLS, "cifar10", many)
    assert evaluate.main(arguments) == 1


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
        assert run(run_dir, ROWS, f"--probe_image_dir={colours}") == 0
    return accuracies(read(run_dir))


ROWS = "--probe_rows=D,pixels,supervised"


@pytest.mark.parametrize(
    "module, name, call, num_results, num_fits",
    [
        # In the draws of D with 6 labels, then in the fits with all labels:
        # those that choose C, and the last one.
        (probe, "fit_svms", 2, 0, 0),
        (probe, "_score", 18, 1, 3),
        (probe, "fit_svms", 6, 1, 7),
        # In the next row; in the last one.
        (probe, "fit_svms", 8, 2, 0),
        (supervised, "_train_and_test", 3, 5, 0),
    ],
)
def test_a_table_that_was_stopped_goes_on(
    run_dir,
    colours,
    whole_table,
    capsys,
    module,
    name,
    call,
    num_results,
    num_fits,
):
    arguments = [ROWS, f"--probe_image_dir={colours}"]
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, module, name, call)
        with pytest.raises(Stopped):
            run(run_dir, *arguments)
    capsys.readouterr()
    assert run(run_dir, *arguments) == 0
    printed = capsys.readouterr().err
    assert printed.count("labels: done before, taken over") == num_results
    assert (f"{num_fits} fits done before" in printed) == (num_fits > 0)
    assert accuracies(read(run_dir)) == pytest.approx(whole_table)
    kept = run_dir / "evaluation" / "probe_results"
    # Fits are gone.
    assert [path.suffix for path in kept.iterdir()] == [".json"] * 6


def test_rows_are_anothers_where_anything_differs(
    run_dir, colours, tmp_path, capsys
):
    def count_taken_over(*arguments):
        capsys.readouterr()
        rows = "--probe_rows=D,pixels,untrained"
        assert run(run_dir, rows, *arguments) == 0
        return capsys.readouterr().err.count("taken over")

    same = f"--probe_image_dir={colours}"
    assert count_taken_over(same) == 0
    assert count_taken_over(same) == 6
    assert count_taken_over(same, "--seed=1") == 0
    assert count_taken_over(same, "--probe_split=validation") == 0
    # The same pictures elsewhere are the same.
    moved = shutil.copytree(colours, tmp_path / "moved")
    assert count_taken_over(f"--probe_image_dir={moved}") == 6
    next(moved.glob("train/dark/*")).unlink()
    assert count_taken_over(f"--probe_image_dir={moved}") == 0
    # Another checkpoint has the pixels and the untrained D in common.
    pictures = tiny_run.make_pictures(tmp_path / "pictures")
    tiny_run.make_run(tmp_path / "other", pictures, steps=(1, 2))
    shutil.rmtree(run_dir / "checkpoints", ignore_errors=True)
    shutil.copytree(tmp_path / "other", run_dir, dirs_exist_ok=True)
    assert count_taken_over(same) == 4


@pytest.mark.slow
def test_a_killed_command_is_repeated_without_loss(run_dir, colours):
    """The table is the real one: its last rows take a while."""
    command = ["-m", "dcgan_tf.cli.evaluate"]
    command += [f"--run_dir={run_dir}", "--probe=few_labels"]
    command += [f"--probe_image_dir={colours}"]
    process = subprocess.Popen(
        [sys.executable, *command], stderr=subprocess.PIPE, text=True
    )
    for line in process.stderr:
        if "raw pixels, 120 labels: right" in line:
            process.send_signal(signal.SIGTERM)
            break
    assert "stopped by SIGTERM" in process.stderr.read()
    assert process.wait() == 75
    repeated = forked.run(command)
    assert repeated.returncode == 0, repeated.stderr
    for name in ("D", "raw pixels"):
        assert f"{name}, 120 labels: done before" in repeated.stderr
    assert "untrained D, 120 labels: right" in repeated.stderr
    assert "trained with labels alone" in repeated.stdout
