"""A trained model draws, and says what it started from."""

import dataclasses

import numpy as np
import pytest
from fixtures import tiny_run

from dcgan_tf.config import DataConfig
from dcgan_tf.data.given.arrays import ARRAYS
from dcgan_tf.data.open_source import load_source
from dcgan_tf.evaluation.linear_probe.rows import list_representations
from dcgan_tf.runs.folder import load_run_config, save_run_config
from dcgan_tf.runs.trained_model import load_start, load_trained_model
from dcgan_tf.serving.export import export_run
from dcgan_tf.serving.trained_export import load_exported_model

NUM_CLASSES = 3


@pytest.fixture(scope="module")
def conditional_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("conditional")
    pictures = tiny_run.make_pictures(folder / "pictures")
    model = dataclasses.replace(tiny_run.MODEL, num_classes=NUM_CLASSES)
    return tiny_run.make_run(folder / "run", pictures, model)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_run_and_its_export_draw_the_same_classes(conditional_dir, seed):
    """Seed 1's first image is of class 1,000,000 % 3, which is not 0."""
    export_dir = conditional_dir.parent / "export"
    if not export_dir.exists():
        export_run(conditional_dir, export_dir)
    run = load_trained_model(conditional_dir)
    images = run.sample_images(5, seed).astype(int)
    exported = load_exported_model(export_dir).sample_images(5, seed)
    assert abs(images - exported).max() <= 1
    first = run.sample_from_seeds(
        np.array([seed * 1_000_000]), label=seed * 1_000_000 % NUM_CLASSES
    )
    assert abs(first[0].astype(int) - images[0]).max() <= 1


@pytest.fixture(scope="module")
def started_dir(tmp_path_factory):
    """A run that another run's step 2 began."""
    folder = tmp_path_factory.mktemp("started")
    pictures = tiny_run.make_pictures(folder / "pictures")
    tiny_run.make_run(folder / "me@host", pictures, steps=(2, 9))
    run_dir = tiny_run.make_run(folder / "run", pictures)
    config = load_run_config(run_dir)
    training = dataclasses.replace(
        config.training, init_from=f"{folder / 'me@host'}@2"
    )
    save_run_config(run_dir, dataclasses.replace(config, training=training))
    return run_dir


PICTURES = np.random.default_rng(3).integers(0, 256, (4, 16, 16, 3), np.uint8)


def list_rows(model, log=lambda line: None):
    rows = list_representations(model, 0, log)
    rows.pop("G at the recovered latent")  # It would train an encoder.
    return rows


def test_what_a_run_started_from_is_a_row_of_its_own(started_dir):
    model = load_trained_model(started_dir)
    start = load_start(model)
    assert start.step == 2
    rows = list_rows(model)
    assert list(rows) == [
        "D",
        "raw pixels",
        "D at the start",
        "D with random weights",
    ]
    features = {name: row.compute(PICTURES) for name, row in rows.items()}
    np.testing.assert_allclose(
        features["D at the start"], start.compute_features(PICTURES)
    )
    for name in ("D", "D with random weights"):
        assert abs(features[name] - features["D at the start"]).max() > 0.01


def test_a_start_is_probed_on_images_that_nothing_could_open(started_dir):
    """Arrays that a program gave lie nowhere."""
    source = load_source(load_run_config(started_dir).data)
    model = load_trained_model(started_dir, source=source)
    data = DataConfig(ARRAYS)
    config = dataclasses.replace(model.config, data=data)
    rows = list_rows(dataclasses.replace(model, config=config))
    features = rows["D at the start"].compute(PICTURES)
    expected = list_rows(model)["D at the start"].compute(PICTURES)
    np.testing.assert_allclose(features, expected)


def test_a_start_that_is_gone_is_said(started_dir, tmp_path):
    model = load_trained_model(started_dir)
    training = dataclasses.replace(
        model.config.training, init_from=f"{tmp_path}@2"
    )
    config = dataclasses.replace(model.config, training=training)
    lines = []
    rows = list_rows(dataclasses.replace(model, config=config), lines.append)
    assert "D at the start" not in rows and "D with random weights" in rows
    assert len(lines) == 1 and str(tmp_path) in lines[0]


def test_a_run_from_nothing_began_with_its_random_weights(tmp_path):
    pictures = tiny_run.make_pictures(tmp_path / "pictures")
    model = load_trained_model(tiny_run.make_run(tmp_path / "run", pictures))
    assert load_start(model) is None
    assert list(list_rows(model)) == ["D", "raw pixels", "untrained D"]
