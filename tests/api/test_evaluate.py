"""Evaluating and probing with a program's arrays."""

import json
import re
import shutil

import numpy as np
import pytest
from fixtures.tiny_arrays import make_classes, make_images

import dcgan_tf


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
