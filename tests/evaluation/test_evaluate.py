"""An evaluation as a whole: what it leaves out, and what it never loses."""

import dataclasses
import json

import numpy as np
import pytest
from fixtures import tiny_run

import dcgan_tf
from dcgan_tf.evaluation import evaluate

MEASURES = ["frechet", "one_nn"]


def make_images(count, seed):
    return np.random.default_rng(seed).integers(
        0, 256, (count, 16, 16, 3), np.uint8
    )


IMAGES, HELD_OUT = make_images(40, 0), make_images(12, 1)
LABELS, HELD_OUT_LABELS = np.arange(40) % 4, np.arange(12) % 4


@pytest.fixture
def run_dir(tmp_path):
    """A conditional run."""
    pictures = tiny_run.make_pictures(tmp_path / "pictures")
    model = dataclasses.replace(tiny_run.MODEL, num_classes=4)
    return tiny_run.make_run(tmp_path / "run", pictures, model)


def measure(run_dir, images, held_out, log=lambda line: None):
    run = dcgan_tf.load(run_dir, images=images, held_out=held_out)
    return run.evaluate(MEASURES, features="random", num_samples=10, log=log)


@pytest.mark.parametrize(
    ("images", "held_out", "lacking"),
    [
        (IMAGES, (HELD_OUT, HELD_OUT_LABELS), "training"),
        ((IMAGES, LABELS), HELD_OUT, "held-out"),
        (IMAGES, HELD_OUT, "training and held-out"),
    ],
    ids=["training", "held_out", "both"],
)
def test_labels_that_lack_cost_one_measure_alone(
    run_dir, images, held_out, lacking
):
    """1-NN takes classes of both sides, and comes after all distances."""
    result = measure(run_dir, images, held_out, (lines := []).append)
    assert "frechet" in result["measures"]["samples"]
    assert "one_nn" not in result
    (line,) = (line for line in lines if line.startswith("one_nn is left out"))
    assert f"the {lacking} images have no classes" in line


def test_several_attributes_are_no_classes(run_dir, monkeypatch):
    load = evaluate.load_real_images

    def load_attributes(*args):
        attributes = np.stack([LABELS, LABELS], axis=1)
        return dataclasses.replace(load(*args), training_labels=attributes)

    monkeypatch.setattr(evaluate, "load_real_images", load_attributes)
    given = (IMAGES, LABELS), (HELD_OUT, HELD_OUT_LABELS)
    assert "one_nn" not in measure(run_dir, *given)


def test_what_is_loaded_is_said_before_it_is(run_dir, monkeypatch):
    def fail(*args):
        raise OSError("no such disk")

    monkeypatch.setattr(evaluate, "load_real_images", fail)
    with pytest.raises(OSError):
        measure(run_dir, IMAGES, HELD_OUT, (lines := []).append)
    assert lines == ["loading image_folder"]


def test_a_failure_does_not_cost_what_was_measured_before(run_dir, monkeypatch):
    def fail(*args):
        raise MemoryError("no room for so many distances")

    monkeypatch.setattr(evaluate, "classify_by_neighbours", fail)
    given = (IMAGES, LABELS), (HELD_OUT, HELD_OUT_LABELS)
    with pytest.raises(MemoryError):
        measure(run_dir, *given)
    kept = json.loads((run_dir / "evaluation" / "1.json").read_text())
    assert "frechet" in kept["measures"]["samples"]
    monkeypatch.undo()
    assert set(measure(run_dir, *given)) >= {"measures", "one_nn"}


@pytest.mark.parametrize(
    ("measures", "found"),
    [
        (["segmentation"], None),
        (["one_nn", "segmentation"], None),
        (["coverage", "inception_style_score"], None),
        (["coverage", "one_nn"], "one_nn"),
        (["segmentation", "frechet"], "frechet"),
    ],
)
def test_what_measures_nothing_replaces_nothing(run_dir, measures, found):
    """As with samples of another seed, whose results stand alone."""
    held_out = (HELD_OUT, HELD_OUT_LABELS) if found else HELD_OUT
    run = dcgan_tf.load(run_dir, images=(IMAGES, LABELS), held_out=held_out)
    run.evaluate(["frechet"], features="random", num_samples=10)
    path = run_dir / "evaluation" / "1.json"
    before = json.loads(path.read_text())

    def measure(seed):
        options = {"features": "random", "num_samples": 10, "seed": seed}
        return run.evaluate(measures, **options)

    if found is None:
        with pytest.raises(ValueError, match="left out.*; name other measures"):
            measure(seed=1)
        assert json.loads(path.read_text()) == before
        return
    result = measure(seed=0)
    assert found in (*result, *result.get("measures", {}).get("samples", ()))
    kept = json.loads(path.read_text())
    assert "frechet" in kept["measures"]["samples"]
