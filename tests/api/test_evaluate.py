"""Evaluating and probing with a program's arrays."""

import json
import re
import shutil

import numpy as np
import pytest
from fixtures.tiny_arrays import make_classes, make_images

import dcgan_tf
from dcgan_tf.runs.trained_model import TrainedModel


def test_evaluating_arrays_writes_what_the_command_does(run):
    result = run.evaluate(["frechet"], features="random", num_samples=10)
    assert set(result["measures"]["samples"]) == {"frechet"}
    path = run.path / "evaluation" / "4.json"
    assert json.loads(path.read_text())["measures"] == result["measures"]


def write_classes(folder, images, labels):
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        dcgan_tf.images.save_png(
            folder / str(label) / f"{index}.png", image, "sample"
        )
    return folder


@pytest.mark.parametrize("kind", ["arrays", "batches", "folders"])
def test_the_probe_takes_any_images(run, tmp_path, kind):
    training, test = make_classes(500), make_classes(40, seed=1)
    if kind == "batches":
        import tensorflow as tf

        training = tf.data.Dataset.from_tensor_slices(training).batch(7)
    if kind == "folders":
        training = write_classes(tmp_path / "train", *training)
        test = write_classes(tmp_path / "test", *test)
    result = run.evaluate(
        [], probe="few_labels", probe_data=training, probe_held_out=test,
        probe_rows=["pixels"], probe_labels=[100],
    )  # fmt: skip
    assert result["probe"][0]["accuracy"] > 0.9
    assert result["probe_data"]["num_test"] == 40
    assert "dataset" not in result  # None of the run's own images were read.


def test_probes_on_other_arrays_are_kept_apart(run, tmp_path):
    """All arrays have one name as a dataset."""
    folder = shutil.copytree(run.path, tmp_path / "run")
    copy = dcgan_tf.load(folder)
    found = []
    for seed in (0, 1):
        result = copy.evaluate(
            [], probe="few_labels", probe_data=make_classes(500, seed),
            probe_held_out=make_classes(40, seed=2),
            probe_rows=["pixels"], probe_labels=[100],
        )  # fmt: skip
        found.append(result["probe_data"]["images_digest"])
    assert len(set(found)) == 2
    reports = (folder / "evaluation").glob("*-few_labels-*.json")
    kept = [json.loads(path.read_text())["probe_data"] for path in reports]
    # Beside those of the tests that this one shares its run with.
    assert set(found) <= {data.get("images_digest") for data in kept}


PROBE = ("probe_data", "probe_held_out")
REFUSED_PROBES = [
    ({"probe_data": make_classes(40)}, "give some as probe_held_out"),
    (dict.fromkeys(PROBE, make_classes(40)[0]), "one class each"),
    ({"probe_data": (make_images() / 255, np.arange(40) % 4)}, "* 255"),
    ({"probe_data": make_images() * 1.0}, "images.round().astype('uint8')"),
    ({"probe_data": "./nowhere"}, "nowhere"),
    ({"probe_held_out": make_classes(40)}, "without images as probe_data"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED_PROBES)
def test_images_that_cannot_be_probed_on_are_refused(run, given, message):
    with pytest.raises((ValueError, OSError), match=re.escape(message)):
        run.evaluate([], probe="few_labels", **given)


def test_arrays_without_held_out_images_are_not_evaluated(
    run, conditional_run, images
):
    for model in (conditional_run, dcgan_tf.load(run.path, images=images)):
        with pytest.raises(ValueError, match="held_out"):
            model.evaluate()
    with pytest.raises(ValueError, match=r"dcgan_tf\.load"):
        dcgan_tf.load(run.path).evaluate()


def test_a_command_says_that_arrays_must_be_given_again(run, capsys):
    from dcgan_tf.cli import evaluate

    assert evaluate.main([f"--run_dir={run.path}"]) == 1
    error = capsys.readouterr().err
    assert "dcgan_tf.load" in error


def test_an_export_measures_statistics_on_arrays(run, export_dir, caplog):
    """Of D with random weights, as its graph carries D's own."""
    kinds = {"images": make_classes(100), "held_out": make_classes(20, seed=1)}
    rows = {"probe": "few_labels", "probe_labels": [None]}
    export = dcgan_tf.load(export_dir, **kinds)
    result = export.evaluate([], **rows, probe_rows=["D", "untrained"])
    own = dcgan_tf.load(run.path, **kinds)
    expected = own.evaluate([], **rows, probe_rows=["untrained"])
    accuracies = {x["features"]: x["accuracy"] for x in result["probe"]}
    (row,) = expected["probe"]
    assert accuracies[row["features"]] == row["accuracy"]
    assert "can't be read" not in caplog.text


def test_only_rows_of_d_need_statistics(export_dir, caplog, monkeypatch):
    monkeypatch.setattr(TrainedModel, "real_batches", property(pytest.fail))
    export = dcgan_tf.load(
        export_dir, images=make_classes(100), held_out=make_classes(20, seed=1)
    )
    result = export.evaluate([], probe="few_labels", probe_rows=["pixels", "D"])
    statistics = "those that the export carries"
    assert result["discriminator_statistics"] == statistics
    result = export.evaluate([], probe="few_labels", probe_rows="pixels")
    assert "discriminator_statistics" not in result


@pytest.mark.parametrize("kind", ["arrays", "folder"])
@pytest.mark.parametrize("split", ["test", "validation"])
def test_a_probes_folder_keeps_all_its_images_beside_a_test_set(
    run, tmp_path, kind, split
):
    """Some are held out where there are no others to test on."""
    images, test = make_classes(300), make_classes(20, seed=1)
    folder = write_classes(tmp_path / "pictures", *images)
    if kind == "folder":
        test = write_classes(tmp_path / "others", *test)
    counts = []
    for others in (test, None):
        data = run.evaluate(
            [], probe="few_labels", probe_rows="pixels", probe_data=folder,
            probe_held_out=others, probe_split=split,
        )["probe_data"]  # fmt: skip
        counts.append(data["num_training"])
        if split == "validation":
            counts[-1] += data["num_test"]
    assert counts[0] == 300 and counts[1] < 290


CLASSES = make_images(8), np.arange(8) % 4
EXTRA = make_images(8), np.arange(8)
FRACTIONS = make_images(8), np.arange(8) / 8


@pytest.mark.parametrize(("argument", "labels"), [
    ("held_out", EXTRA), ("held_out", FRACTIONS),
    ("probe_held_out", EXTRA), ("probe_held_out", FRACTIONS),
    ("probe_data", FRACTIONS),
])  # fmt: skip
def test_labels_are_refused_by_their_arguments_name(
    run, tmp_path, argument, labels
):
    calls = {
        "held_out": [
            lambda: dcgan_tf.train(CLASSES, tmp_path / "x", held_out=labels),
            lambda: dcgan_tf.load(run.path, images=CLASSES, held_out=labels),
        ],
        "probe_held_out": [
            lambda: run.evaluate(
                [], probe="few_labels", probe_data=CLASSES,
                probe_held_out=labels,
            )
        ],
        "probe_data": [
            lambda: run.evaluate([], probe="few_labels", probe_data=labels)
        ],
    }  # fmt: skip
    for call in calls[argument]:
        with pytest.raises(ValueError, match=f"^{argument}: labels are "):
            call()
    assert not (tmp_path / "x").exists()


def test_images_held_out_need_no_labels(run):
    """Though those trained on, whose names they would have, do."""
    held_out = make_images(8)
    for names in (None, ["a", "b", "c", "d"]):
        dcgan_tf.load(
            run.path, images=CLASSES, held_out=held_out, label_names=names
        )
    with pytest.raises(ValueError, match="label_names are given without"):
        dcgan_tf.load(run.path, held_out=held_out, label_names=["a"])


def test_classes_that_a_run_has_not_are_no_classes(conditional_run, images):
    """Known once the run's own images are opened, and said."""
    labels = np.arange(len(images)) % 4
    for classes, is_left_out in ((4, False), (5, True)):
        held_out = (images, np.arange(len(images)) % classes)
        lines = []
        own = dcgan_tf.load(
            conditional_run.path, images=(images, labels), label_names=[*"abcd"]
        )
        given = dcgan_tf.load(conditional_run.path, held_out=held_out)
        own._held_out = given._held_out
        result = own.evaluate(
            ["one_nn", "sliced_wasserstein"], features="random",
            num_samples=10, log=lines.append,
        )  # fmt: skip
        assert ("one_nn" not in result) == is_left_out
        assert is_left_out == any("one_nn is left out" in x for x in lines)
