"""D's features are the same whichever door they are asked at."""

import json
import shutil

import numpy as np
import pytest
from fixtures import tiny_run

import dcgan_tf
from dcgan_tf.analysis.samples import load_unconditional_model
from dcgan_tf.evaluation.linear_probe.rows import list_representations
from dcgan_tf.images import to_float
from dcgan_tf.models.features import build_feature_extractor
from dcgan_tf.runs.trained_model import load_trained_model
from dcgan_tf.serving.export import export_run
from dcgan_tf.serving.lite import lite_files
from dcgan_tf.serving.trained_export import load_exported_model

PICTURES = np.random.default_rng(3).integers(0, 256, (9, 16, 16, 3), np.uint8)


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    """A run whose statistics of training are far from the images'."""
    folder = tmp_path_factory.mktemp("doors")
    pictures = tiny_run.make_pictures(folder / "pictures")
    return tiny_run.make_run(folder / "run", pictures)


@pytest.fixture(scope="module")
def export_dir(run_dir):
    folder = run_dir.parent / "export"
    with pytest.MonkeyPatch.context() as patch:
        # The one that is asked; others test them all.
        patch.setattr(lite_files, "_PRECISIONS", {None: ("float32",)})
        export_run(run_dir, folder, formats=("saved_model", "tflite"))
    return folder


def extract(extractor):
    return extractor(to_float(PICTURES))["features"].numpy()


@pytest.fixture(scope="module")
def expected(run_dir):
    """Of the discriminator itself."""
    model = load_trained_model(run_dir)
    return extract(build_feature_extractor(model.discriminator))


def ask_library(run_dir, export_dir):
    return extract(dcgan_tf.load_feature_extractor(run_dir))


def ask_evaluation(run_dir, export_dir):
    return load_trained_model(run_dir).compute_features(PICTURES)


def ask_views(run_dir, export_dir):
    model = load_unconditional_model(run_dir)
    return extract(build_feature_extractor(model.discriminator))


def ask_probe(run_dir, export_dir):
    model = load_trained_model(run_dir)
    return list_representations(model, 0, print)["D"].compute(PICTURES)


def ask_probe_of_export(run_dir, export_dir):
    model = load_exported_model(export_dir)
    return list_representations(model, 0, print)["D"].compute(PICTURES)


def ask_evaluation_of_export(run_dir, export_dir):
    return load_exported_model(export_dir).compute_features(PICTURES)


def ask_lite(run_dir, export_dir):
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    path = export_dir / "tflite" / "1" / "discriminator_features_float32.tflite"
    run = litert.Interpreter(str(path)).get_signature_runner()
    return run(images=to_float(PICTURES).numpy())["features"]


@pytest.mark.parametrize(
    "ask",
    [
        ask_library,
        ask_evaluation,
        ask_views,
        ask_probe,
        ask_probe_of_export,
        ask_evaluation_of_export,
        ask_lite,
    ],
)
def test_features_are_the_same_at_every_door(
    run_dir, export_dir, expected, ask
):
    np.testing.assert_allclose(
        ask(run_dir, export_dir), expected, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("name, value", [("step", 2), ("run_dir", "/other")])
def test_another_checkpoints_features_are_refused(
    export_dir, tmp_path, name, value
):
    """Such as a process leaves that died between both networks."""
    export = shutil.copytree(export_dir, tmp_path / "export")
    path = export / "discriminator_features" / "1" / "export.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, name: value}))
    model = load_exported_model(export)
    assert model.sample_images(1).shape == (1, 16, 16, 3)
    with pytest.raises(FileNotFoundError, match="export the run again"):
        model.compute_features(PICTURES)


def test_those_of_training_would_give_other_features(run_dir):
    model = load_trained_model(run_dir)
    expected = model.compute_features(PICTURES)
    for layer in model.discriminator.layers:
        if hasattr(layer, "moving_mean"):
            # As a new network has them, which this run's checkpoint holds.
            layer.moving_mean.assign(np.zeros(layer.moving_mean.shape))
            layer.moving_variance.assign(np.ones(layer.moving_mean.shape))
    assert abs(model.compute_features(PICTURES) - expected).max() > 0.1


def test_without_its_data_a_line_says_so(run_dir, tmp_path):
    pictures = tmp_path / "pictures"
    shutil.copytree(run_dir.parent / "pictures", pictures)
    moved = tiny_run.make_run(tmp_path / "run", pictures)
    shutil.rmtree(pictures)
    lines = []
    model = load_trained_model(moved, log=lines.append)
    assert model.sample_images(2).shape == (2, 16, 16, 3)
    assert not lines  # G needs no real images.
    assert model.discriminator is not None
    (line,) = lines
    assert "keeps its saved batch-norm statistics" in line
    assert "pictures" in line and "images says where" in line
