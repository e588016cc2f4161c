"""What LiteRT files' networks take, and what they refuse."""

import numpy as np
import pytest
import tensorflow as tf
from fixtures import tiny_run

from dcgan_tf.config import ModelConfig
from dcgan_tf.latents import sample_latents
from dcgan_tf.models.generator import build_generator
from dcgan_tf.serving.lite import checks, convert, descriptions
from dcgan_tf.serving.lite.lite_files import file_name

pytest.importorskip(
    "ai_edge_litert", reason="needs LiteRT: pip install -e '.[lite]'"
)
LATENTS = sample_latents(7, tiny_run.MODEL.latent_dim, (5, 5)).numpy()


@pytest.fixture(scope="module")
def files(tmp_path_factory, generator, networks):
    """A folder of the files that these tests open, and of no others."""
    folder = tmp_path_factory.mktemp("files")
    model, images = tiny_run.MODEL, fill(8, 16, 16, 3)
    described = (
        descriptions.describe_generator(generator, model, 3),
        descriptions.describe_features(
            networks.discriminator, model, 3, images
        ),
    )
    for network, of_one_row in zip(
        described, (["float32", "full_int8"], ["float32"]), strict=True
    ):
        for batch_size, precisions in ((None, ["float32"]), (1, of_one_row)):
            converted = convert.convert(network, precisions, batch_size)
            for precision, contents in converted.items():
                name = file_name(network.name, precision, batch_size)
                (folder / name).write_bytes(contents)
    return folder


def fill(*shape, value=0.0, dtype=np.float32):
    return np.full(shape, value, dtype)


@pytest.mark.parametrize(
    "name, inputs, message",
    [
        ("generator", {"latents": fill(0, 5)}, r"use \(batch, 5\), with one"),
        ("generator", {"latents": fill(2, 6)}, r"\(2, 6\); use"),
        ("generator", {"latents": fill(5)}, r"\(5,\); use"),
        ("generator", {"latents": fill(2, 5, dtype=int)}, "int64; use float32"),
        ("generator", {"images": fill(2, 5)}, "takes latents"),
        ("generator", {}, "inputs are none"),
        ("discriminator_features", {"images": fill(0, 16, 16, 3)}, "one or"),
        ("discriminator_features", {"images": fill(1, 16, 16, 1)}, "use"),
        ("discriminator_features", {"images": fill(16, 16, 3)}, "use"),
        (
            "discriminator_features",
            {"images": fill(1, 16, 16, 3, dtype=np.uint8)},
            "uint8; use float32",
        ),
        (
            "discriminator_features",
            {"images": fill(1, 16, 16, 3, value=255)},
            r"in \[-1, 1\] .* 255",
        ),
        *(
            (name, {key: fill(*shape, value=value, dtype=dtype)}, message)
            for name, key, shape in (
                ("generator", "latents", (2, 5)),
                ("discriminator_features", "images", (1, 16, 16, 3)),
            )
            for value, dtype, message in (
                (np.nan, np.float32, f"{key} must be finite .*; .* are not"),
                ("x", "U1", "<U1; use float32"),
                (1, bool, "bool; use float32"),
                (1j, complex, "complex128; use float32"),
                (None, object, "object; use float32"),
            )
        ),
        *(
            ("generator", {"latents": fill(2, 5, value=value)}, "be finite")
            for value in (np.inf, -np.inf)
        ),
        (
            "generator",
            {"latents": fill(2, 5, value=1e300, dtype=float)},
            "finite in float32; 10 of 10",
        ),
    ],
)
def test_inputs_that_a_file_does_not_take_are_refused(
    files, name, inputs, message
):
    network = checks.LiteNetwork(files / f"{name}_float32.tflite")
    with pytest.raises(ValueError, match=message):
        network.run(**inputs)


@pytest.mark.parametrize(
    ("name", "inputs", "words"),
    [
        ("generator", {"latents": fill(2, 5)}, r"use \(1, 5\), one row at a"),
        ("generator", {"latents": fill(0, 5)}, r"\(0, 5\); use .*one row at a"),
        ("generator", {"latents": fill(1, 6)}, r"use \(1, 5\), one row"),
        (
            "discriminator_features",
            {"images": fill(2, 16, 16, 3)},
            r"use \(1, 16, 16, 3\), one row at a time$",
        ),
    ],
)
def test_a_file_of_one_row_takes_no_more(files, name, inputs, words):
    network = checks.LiteNetwork(files / f"{name}_float32_batch1.tflite")
    with pytest.raises(ValueError, match=words) as error:
        network.run(**inputs)
    assert "or more" not in str(error.value)


@pytest.mark.parametrize("kind", ["float32", "float32_batch1", "full_int8"])
@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"latents": fill(0, 5)}, r"\(0, 5\); use \(batch, 5\), with one or"),
        ({"latents": fill(2, 6)}, r"\(2, 6\); use \(batch, 5\)"),
        ({"latents": fill(2, 5, value=np.nan)}, "10 of 10 numbers are not"),
        ({}, "inputs are none"),
    ],
)
def test_rows_that_a_file_does_not_take_are_refused(files, kind, inputs, words):
    kind = "full_int8_batch1" if kind == "full_int8" else kind
    network = checks.LiteNetwork(files / f"generator_{kind}.tflite")
    with pytest.raises(ValueError, match=words):
        checks.run_rows(network, inputs)


@pytest.fixture(scope="module")
def conditional(tmp_path_factory):
    """A generator of three classes, and its file."""
    model = ModelConfig((16, 16), 1, 5, 4, 3, num_classes=3)
    network = build_generator(model)
    described = descriptions.describe_generator(network, model, 1)
    path = tmp_path_factory.mktemp("conditional") / "generator.tflite"
    files = convert.convert(described, ["float32"], None)
    path.write_bytes(files["float32"])
    return network, path


def test_a_conditional_generator_takes_labels(conditional):
    network, path = conditional
    labels = np.array([0, 2, 1, 1, 0, 0, 2], np.int32)
    images = checks.LiteNetwork(path).run(latents=LATENTS, labels=labels)
    expected = network([tf.constant(LATENTS), tf.constant(labels)])
    np.testing.assert_allclose(images["images"], expected, atol=2e-5)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.array([0, 3]), "from 0 to 2; they are from 0 to 3"),
        (np.array([-1, 2]), "from 0 to 2; they are from -1 to 2"),
        (np.array([0, 2**40]), "from 0 to 2; they are from 0 to 1099511627776"),
        (np.array([0.0, 1.0]), "labels are float64; use int32"),
        (np.array([True, False]), "labels are bool; use int32"),
        (np.array([0, 1, 2]), "latents and labels differ in their batch"),
        (np.array([], int), r"labels have the shape \(0,\); use \(batch\)"),
        (np.array([[0], [1]]), r"labels have the shape \(2, 1\)"),
    ],
)
@pytest.mark.parametrize("run", ["run", "run_rows"])
def test_labels_of_no_class_are_refused(conditional, labels, words, run):
    network = checks.LiteNetwork(conditional[1])
    inputs = {"latents": LATENTS[:2], "labels": labels}
    with pytest.raises(ValueError, match=words):
        if run == "run":
            network.run(**inputs)
        else:
            checks.run_rows(network, inputs)


def test_labels_of_a_file_without_metadata_are_0_or_more(conditional, tmp_path):
    path = tmp_path / "other.tflite"
    contents = conditional[1].read_bytes().replace(b"dcgan_tf", b"dcgan_xx")
    path.write_bytes(contents)
    network = checks.LiteNetwork(path)
    with pytest.raises(ValueError, match="labels must be 0 or more; they are"):
        network.run(latents=LATENTS[:1], labels=np.array([-1]))
