"""Integer errors that flat backgrounds don't average out."""

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.config import ModelConfig
from dcgan_tf.models.discriminator import build_discriminator
from dcgan_tf.serving.lite import (
    checks,
    convert,
    descriptions,
    integer_errors,
    lite_files,
)

pytest.importorskip(
    "ai_edge_litert", reason="needs LiteRT: pip install -e '.[lite]'"
)
MODEL = ModelConfig((32, 32), 1, 5, 16, 5)


def draw_strokes(count):
    """Bright bars of many lengths on a black background, such as digits."""
    images = np.full((count, 32, 32, 1), -1, np.float32)
    rng = np.random.default_rng(0)
    for image in images:
        row, column = rng.integers(4, 20, 2)
        length = rng.integers(4, 12)
        image[row : row + 3, column : column + length] = rng.uniform(0, 1)
    return images


@pytest.fixture(scope="module")
def network():
    discriminator = build_discriminator(MODEL)
    rng = np.random.default_rng(1)
    for layer in discriminator.layers:
        for weight in layer.trainable_weights:
            if "kernel" in weight.name:
                fan_in = np.prod(weight.shape[:-1])
                # As after training, weights lean to one side.
                values = rng.normal(0.3, 1, weight.shape) / np.sqrt(fan_in)
                weight.assign(values)
    images = draw_strokes(descriptions.NUM_EXAMPLES)
    return descriptions.describe_features(discriminator, MODEL, 1, images)


@pytest.fixture(scope="module")
def files(network):
    return convert.convert(network, convert.PRECISIONS, batch_size=1)


@pytest.fixture(scope="module")
def held_out(network):
    inputs = lite_files._take(network.examples(), 100, 32)
    return inputs, lite_files._run(network, inputs)


def run(contents, inputs, tmp_path):
    path = tmp_path / "network.tflite"
    path.write_bytes(contents)
    return checks.run_rows(checks.LiteNetwork(path), inputs)


def test_a_bias_is_taken_back(network, files, held_out, tmp_path):
    inputs, expected = held_out
    before = run(files["full_int8"], inputs, tmp_path)["logits"]
    contents = lite_files._correct_outputs(network, files["full_int8"], 1)
    after = run(contents, inputs, tmp_path)["logits"]
    biases = [abs(np.mean(x - expected["logits"])) for x in (before, after)]
    assert biases[1] < biases[0] / 2
    # Other files keep the logits as they are.
    assert network.offsets["logits"].numpy() == 0


def test_an_offset_is_reset_whatever_happens():
    offset = tf.Variable([0.0])
    with pytest.raises(KeyError):
        with integer_errors.corrected(offset, np.array([0.5], np.float32)):
            assert offset.numpy() == -0.5
            raise KeyError
    assert offset.numpy() == 0


def test_a_bias_is_the_mean_error(network, files, held_out):
    inputs, expected = held_out
    shifted = expected["logits"] - 3
    bias = integer_errors.measure_bias(
        files["float32"], inputs, shifted, "logits"
    )
    np.testing.assert_allclose(bias, [3], atol=1e-4)


def test_the_first_convolution_gets_its_float_weights_back(
    files, held_out, tmp_path
):
    inputs, expected = held_out
    kept = integer_errors.keep_first_in_float(
        files["dynamic_int8"], files["float32"]
    )
    num_weights = 5 * 5 * 16 * 32
    growth = len(kept) - len(files["dynamic_int8"])
    assert abs(growth - 3 * num_weights) < 5_000
    errors = [
        np.abs(run(contents, inputs, tmp_path)["features"] - features).mean()
        for contents in (files["dynamic_int8"], kept)
        for features in [expected["features"]]
    ]
    assert errors[1] < errors[0]
    path = tmp_path / "kept.tflite"
    path.write_bytes(kept)
    assert convert.load_metadata(path)["precision"] == "dynamic_int8"


def test_a_file_without_integers_stays_as_it_is(files):
    exact = files["float32"]
    assert integer_errors.keep_first_in_float(exact, exact) == exact


@pytest.mark.parametrize("has_problem", [True, False])
def test_float_weights_are_for_files_over_their_bound(
    network, files, tmp_path, monkeypatch, has_problem
):
    """Since they are four times as large."""
    monkeypatch.setattr(checks, "MEAN_ERROR", 0 if has_problem else 1)
    monkeypatch.setattr(
        lite_files, "_PRECISIONS", {1: ("float32", "dynamic_int8")}
    )
    lite_files.save_lite_files(tmp_path, [network], MODEL)
    (path,) = tmp_path.glob("*dynamic_int8*")
    is_larger = path.stat().st_size > len(files["dynamic_int8"]) + 20_000
    assert is_larger == has_problem
