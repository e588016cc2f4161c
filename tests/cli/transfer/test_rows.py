"""D learns on some images and is probed on others, through the command."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from fixtures import tiny_run
from fixtures.errors import list_errors
from fixtures.transfer import (
    accuracies,
    make_colours,
    read,
    run,
)

from dcgan_tf.cli import evaluate
from dcgan_tf.config import DataConfig
from dcgan_tf.evaluation.linear_probe.protocols import PROTOCOLS


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
    for part in (str(colours), result["trained_on"], "60 (test)"):
        assert part in printed.out
    assert (
        "\nBatch-norm statistics of D: of 120 of the probe's training images.\n"
    ) in printed.out
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
    from dcgan_tf.evaluation.linear_probe import prepare

    path = run_dir / "config.json"
    record = json.loads(path.read_text())
    record["data"] |= {"fit": "pad", "background": "#00ff00"}
    path.write_text(json.dumps(record))
    seen = []
    real_load = prepare.load_probe_images

    def load_probe_images(*args):
        seen.append(real_load(*args))
        return seen[0]

    monkeypatch.setattr(prepare, "load_probe_images", load_probe_images)
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
    from dcgan_tf.serving.trained_export import load_exported_model

    export_run(run_dir, tmp_path / "export", formats=("saved_model",))
    arguments = [f"--export_dir={tmp_path / 'export'}", "--probe=few_labels"]
    arguments += [f"--probe_image_dir={colours}"]
    assert evaluate.main(arguments) == 0
    assert "those that the export carries" in capsys.readouterr().out
    result = read(tmp_path / "export")
    names = {name for name, _ in accuracies(result)}
    assert {"D", "untrained D", "raw pixels"} <= names
    assert "G at the recovered latent" not in names
    # Which weights these are: the next version may be of another run.
    digest = result["weights_digest"]
    for path in (tmp_path / "export").glob("generator/*/variables/*.data-*"):
        path.write_bytes(path.read_bytes()[::-1])
    assert load_exported_model(tmp_path / "export").digest_generator() != digest


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


def test_a_runs_own_training_images_stand_in_too(
    orphan, colours, tmp_path, capsys
):
    run_dir = tmp_path / "run"
    tiny_run.make_run(run_dir, colours)
    arguments = ["--measures=none", "--probe_rows=pixels"]
    assert run(run_dir, *arguments, "--probe_split=validation") == 0
    assert "statistics" not in capsys.readouterr().out  # Pixels have none.
    arguments = ["--measures=none", "--probe_rows=D"]
    assert run(run_dir, *arguments, "--probe_split=validation") == 0
    result = read(run_dir, "1-few_labels-validation")
    data = result["probe_data"]
    assert (data["num_training"], data["num_test"]) == (90, 30)
    line = "of 120 of the run's training images"
    assert result["discriminator_statistics"] == line
    assert f"\nBatch-norm statistics of D: {line}.\n" in capsys.readouterr().out
    # The test has a file of its own, with what else there is of the step.
    assert run(run_dir, *arguments) == 0
    assert read(run_dir, "1")["probe_data"]["tested_on"] == "test"
    assert read(run_dir, "1-few_labels-validation") == result


def test_a_discriminator_without_batch_norm_has_no_statistics(
    colours, tmp_path, capsys
):
    model = dataclasses.replace(tiny_run.MODEL, discriminator_batch_norm=False)
    run_dir = tiny_run.make_run(tmp_path / "run", colours, model)
    assert run(run_dir, "--measures=none", "--probe_rows=D") == 0
    line = "\nBatch-norm statistics of D: none, as it has no batch norm.\n"
    assert line in capsys.readouterr().out


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
        with pytest.raises(ValueError, match="use one of"):
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


def test_the_figure_has_all_rows_of_its_file(run_dir, colours, monkeypatch):
    from dcgan_tf.evaluation import evaluate

    drawn = []
    monkeypatch.setattr(
        evaluate, "draw_probe", lambda path, result, model: drawn.append(result)
    )
    for rows in ("pixels", "D"):
        arguments = [f"--probe_rows={rows}", "--probe_labels=6"]
        assert run(run_dir, *arguments, f"--probe_image_dir={colours}") == 0
    assert {name for name, _ in accuracies(drawn[0])} == {"raw pixels"}
    assert drawn[1] == read(run_dir)
    assert {name for name, _ in accuracies(drawn[1])} == {"raw pixels", "D"}


def test_some_of_a_protocols_label_counts(run_dir, colours, capsys):
    arguments = ["--probe_rows=pixels", f"--probe_image_dir={colours}"]
    for labels, counts in (("6", {6}), ("all", {6, 120}), ("all,6", {6, 120})):
        assert run(run_dir, *arguments, f"--probe_labels={labels}") == 0
        assert {count for _, count in accuracies(read(run_dir))} == counts
    for labels, code, said in (
        ("7", 2, "label counts: 6, all; not 7"),
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
