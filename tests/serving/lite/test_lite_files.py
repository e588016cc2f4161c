import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from fixtures import tiny_run

from dcgan_tf.latents import sample_latents
from dcgan_tf.models.generator import build_generator
from dcgan_tf.serving.lite import checks, convert, descriptions, lite_files

pytest.importorskip(
    "ai_edge_litert", reason="needs LiteRT: pip install -e '.[lite]'"
)
MODEL = tiny_run.MODEL
LATENTS = sample_latents(7, MODEL.latent_dim, (5, 5)).numpy()


def test_there_is_a_good_file_for_each_precision(exported):
    folder, reports = exported
    assert {path.name for path in folder.iterdir()} == {
        lite_files.TABLE_FILE,
        *(
            f"{name}_{kind}.tflite"
            for name in ("generator", "discriminator_features")
            for kind in (
                "float32",
                "float32_batch1",
                "float16",
                "float16_batch1",
                "dynamic_int8_batch1",
                "full_int8_batch1",
            )
        ),
    }
    table = (folder / lite_files.TABLE_FILE).read_text()
    sizes = {}
    for report in reports:
        assert report.path.name in table
        assert f"{report.path.stat().st_size:,}" in table
        sizes[report.path.name] = report.num_bytes
        if "float" in report.path.name:
            assert report.problem is None
    assert (
        sizes["generator_float16_batch1.tflite"]
        < sizes["generator_float32_batch1.tflite"]
    )


@pytest.mark.parametrize(
    "kind, tolerance", [("float32", 2e-5), ("float16", 1e-2)]
)
def test_images_are_the_networks_in_litert(
    exported, generator, kind, tolerance
):
    folder, _ = exported
    expected = generator(LATENTS).numpy()
    any_batch = checks.LiteNetwork(folder / f"generator_{kind}.tflite")
    assert any_batch.input_shapes == {"latents": (-1, MODEL.latent_dim)}
    images = any_batch.run(latents=LATENTS)["images"]
    np.testing.assert_allclose(images, expected, atol=tolerance)
    single = checks.LiteNetwork(folder / f"generator_{kind}_batch1.tflite")
    assert single.input_shapes == {"latents": (1, MODEL.latent_dim)}
    images = single.run(latents=LATENTS[:1])["images"]
    np.testing.assert_allclose(images, expected[:1], atol=tolerance)


def test_full_integers_in_and_out(exported, generator):
    from ai_edge_litert.interpreter import Interpreter

    path = exported[0] / "generator_full_int8_batch1.tflite"
    interpreter = Interpreter(str(path))
    assert interpreter.get_input_details()[0]["dtype"] == np.int8
    assert interpreter.get_output_details()[0]["dtype"] == np.int8
    images = checks.run_rows(checks.LiteNetwork(path), {"latents": LATENTS})[
        "images"
    ]
    errors = np.abs(images - generator(LATENTS))
    assert 0 < errors.mean() < 0.1


def test_metadata_is_read_without_tensorflow(exported):
    path = exported[0] / "generator_float16.tflite"
    metadata = convert.load_metadata(path)
    assert metadata["image_size"] == [16, 16]
    assert metadata["channels"] == 3
    assert metadata["latent_dim"] == MODEL.latent_dim
    assert metadata["precision"] == "float16"
    assert metadata["step"] == 3
    code = (
        "import sys, json\n"
        "from ai_edge_litert import schema_py_generated as schema\n"
        "data = open(sys.argv[1], 'rb').read()\n"
        "model = schema.ModelT.InitFromObj("
        "schema.Model.GetRootAsModel(data, 0))\n"
        "entry, = [m for m in model.metadata if m.name == b'dcgan_tf']\n"
        "text = bytes(model.buffers[entry.buffer].data).decode()\n"
        "assert 'tensorflow' not in sys.modules\n"
        "print(json.loads(text)['takes'])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert "uniform in [-1, 1]" in printed


def test_metadata_says_what_to_send(exported):
    path = exported[0] / "generator_full_int8_batch1.tflite"
    metadata = convert.load_metadata(path)
    assert metadata["inputs"]["latents"]["shape"] == [1, MODEL.latent_dim]
    assert "uniform in [-1, 1]" in metadata["inputs"]["latents"]["values"]
    assert metadata["outputs"]["images"]["shape"] == [1, 16, 16, 3]
    path = exported[0] / "discriminator_features_float32.tflite"
    metadata = convert.load_metadata(path)
    assert "[-1, 1]" in metadata["inputs"]["images"]["values"]
    assert set(metadata["outputs"]) == {"features", "logits"}


@pytest.mark.parametrize(
    "takes, gives, num_classes, inputs, outputs",
    [
        (
            "latents: uniform in [-1, 1]",
            "images: in [-1, 1]",
            3,
            {
                "latents": {"values": "uniform in [-1, 1]"},
                "labels": {"values": "classes from 0"},
            },
            {"images": {"values": "in [-1, 1]"}},
        ),
        (
            "images: in [-1, 1]",
            "features and logits",
            0,
            {"images": {"values": "in [-1, 1]"}},
            {"features": {"values": "any"}, "logits": {"values": "any"}},
        ),
    ],
)
def test_metadata_of_version_0_1_0_is_read(
    exported, tmp_path, takes, gives, num_classes, inputs, outputs
):
    old = {"takes": takes, "gives": gives, "num_classes": num_classes}
    source = exported[0] / "generator_float32.tflite"
    contents = source.read_bytes().replace(b"dcgan_tf", b"dcgan_xx")
    path = tmp_path / "old.tflite"
    path.write_bytes(convert._add_metadata(contents, old))
    metadata = convert.load_metadata(path)
    assert metadata["inputs"] == inputs
    assert metadata["outputs"] == outputs
    assert metadata["takes"] == takes


@pytest.fixture(scope="module")
def find_file(tmp_path_factory, exported, networks):
    """Finds a file that was exported, or converts it with others like it."""
    folder, _ = exported
    others = tmp_path_factory.mktemp("others")

    def describe(kind):
        if kind == "features":
            images = np.random.default_rng(0).uniform(-1, 1, (20, 16, 16, 3))
            return descriptions.describe_features(
                networks.discriminator, MODEL, 3, images.astype(np.float32)
            )
        num_classes = 3 if kind == "conditional" else 0
        model = dataclasses.replace(MODEL, num_classes=num_classes)
        return descriptions.describe_generator(build_generator(model), model, 3)

    def find(kind, precision, batch_size):
        prefix = "discriminator_" if kind == "features" else ""
        name = lite_files.file_name(f"{prefix}{kind}", precision, batch_size)
        if (folder / name).exists():
            return folder / name
        if not (others / name).exists():
            # Most of the time goes into what precisions have in common.
            precisions = convert.PRECISIONS
            if kind != "conditional":
                precisions = ("dynamic_int8", "full_int8")
            files = convert.convert(describe(kind), precisions, batch_size)
            for made, contents in files.items():
                path = lite_files.file_name(f"{prefix}{kind}", made, batch_size)
                (others / path).write_bytes(contents)
        return others / name

    return find


@pytest.mark.parametrize("batch_size", [None, 1])
@pytest.mark.parametrize("precision", convert.PRECISIONS)
@pytest.mark.parametrize("kind", ["generator", "conditional", "features"])
def test_metadata_is_of_the_files_own_tensors(
    find_file, kind, precision, batch_size
):
    from ai_edge_litert.interpreter import Interpreter

    path = find_file(kind, precision, batch_size)
    metadata = convert.load_metadata(path)
    runner = Interpreter(str(path)).get_signature_runner()
    for part, old in (("inputs", "takes"), ("outputs", "gives")):
        own = getattr(runner, f"get_{part[:-1]}_details")()
        assert set(own) == set(metadata[part])
        for name, tensor in metadata[part].items():
            sizes = [-1 if size is None else size for size in tensor["shape"]]
            assert sizes == own[name]["shape_signature"].tolist()
            assert own[name]["dtype"] == np.dtype(tensor["dtype"])
            is_integer = own[name]["dtype"] == np.int8
            assert is_integer == ("as int8 q" in tensor["values"])
            assert f"{name}: {tensor['values']}" in metadata[old]
            if is_integer:
                scale = tensor["scale"], tensor["zero_point"]
                assert scale == own[name]["quantization"]
    is_full = precision == "full_int8"
    assert ("int8" in str(metadata["inputs"])) == is_full


@pytest.mark.parametrize("kind", ["empty", "text", "PNG", "cut", "marked"])
def test_what_is_no_such_file_is_named(tmp_path, exported, kind):
    source = exported[0] / "generator_float32.tflite"
    contents = {
        "empty": b"",
        "text": b"name: generator\n" * 9,
        "PNG": b"\x89PNG\r\n\x1a\n" + bytes(99),
        "cut": source.read_bytes()[: source.stat().st_size // 2],
        "marked": b"\x1c\0\0\0TFL3" + b"\xff" * 40,
    }[kind]
    path = tmp_path / "odd.tflite"
    path.write_bytes(contents)
    with pytest.raises(ValueError, match="odd.tflite' is no LiteRT file"):
        convert.load_metadata(path)


def test_a_file_without_metadata_is_refused(tmp_path, exported):
    path = tmp_path / "other.tflite"
    source = exported[0] / "generator_float32.tflite"
    path.write_bytes(source.read_bytes().replace(b"dcgan_tf", b"dcgan_xx"))
    with pytest.raises(ValueError, match="not exported by dcgan_tf"):
        convert.load_metadata(path)


def test_a_file_of_another_network_ends_the_export(tmp_path, monkeypatch):
    """Such as one whose weights were left out."""
    first, second = (build_generator(MODEL, seed=seed) for seed in (1, 2))
    described = descriptions.describe_generator(first, MODEL, 1)
    wrong = convert.convert(
        descriptions.describe_generator(second, MODEL, 1), ["float32"], None
    )
    monkeypatch.setattr(convert, "convert", lambda *_: wrong)
    with pytest.raises(ValueError, match="float32.tflite is not what it was"):
        lite_files.save_lite_files(tmp_path / "1", [described], MODEL)


@pytest.mark.parametrize(
    "outputs, problem",
    [
        (np.full((7, 4), np.nan), "not finite"),
        (np.ones((7, 4)), "the same everywhere"),
        (np.ones((7, 3)), "shape"),
        (None, "shape"),
    ],
)
def test_bad_outputs_are_named(outputs, problem):
    expected = np.linspace(-1, 1, 28).reshape(7, 4)
    error = checks._compare(outputs, expected)
    assert problem in error.problem


def test_bounds_are_those_of_the_precision():
    expected = np.linspace(-1, 1, 101)[:, None]
    errors = {"images": checks._compare(expected + 0.002, expected)}
    assert errors["images"].largest == pytest.approx(0.001)
    assert errors["images"].psnr == pytest.approx(60)
    find = checks._find_problem
    assert "largest error 1.0e-03 > 1e-05" in find("float32", errors)
    assert find("float16", errors) is None
    assert find("full_int8", errors) is None
    errors = {"images": checks._compare(expected * 0.9, expected)}
    assert "mean error 0.025 > 0.02" in find("full_int8", errors)


def test_outputs_that_hardly_vary_are_rounded_by_their_size():
    """As the logits of a discriminator that has hardly been trained."""
    expected = -0.0124 + np.linspace(0, 5e-4, 28).reshape(7, 4)
    rounded = expected.astype(np.float16).astype(np.float64)
    find = checks._find_problem
    close = {"logits": checks._compare(expected + 2e-8, expected)}
    assert find("float32", close) is None
    assert (
        find("float16", {"logits": checks._compare(rounded, expected)}) is None
    )
    far = {"logits": checks._compare(expected + 1e-6, expected)}
    assert "largest error" in find("float32", far)


@pytest.mark.parametrize(
    ("given", "problem"),
    [(0.5, None), (0.25, "images: largest error 5.0e-01 > 1e-05")],
)
def test_a_collapsed_network_is_compared_too(given, problem):
    given_images, images = np.full((7, 4), given), np.full((7, 4), 0.5)
    errors = {"images": checks._compare(given_images, images)}
    assert errors["images"].largest == (0.5 - given) / 0.5
    assert checks._find_problem("float32", errors) == problem


@pytest.mark.parametrize(
    ("name", "precision", "error", "is_exact"),
    [
        ("images", "float32", 1e-7, True),
        ("images", "float32", 2e-5, True),
        ("images", "float32", 3e-5, False),
        ("images", "float16", 1e-5, True),
        ("images", "float16", 1e-4, False),
        ("images", "full_int8", 1e-5, True),
        ("images", "full_int8", 1e-4, False),
        ("logits", "float32", 1e-7, False),
        ("logits", "float16", 1e-5, False),
        ("features", "float32", 1e-7, False),
        ("features", "full_int8", 2e-5, False),
    ],
)
def test_images_near_mid_grey_are_compared_by_their_grey_levels(
    name, precision, error, is_exact
):
    expected = np.linspace(-1.7e-4, 1.7e-4, 28).reshape(7, 4)
    given = expected + error * np.resize([1.0, -1.0], (7, 4))
    errors = {name: checks._compare(given, expected)}
    problem = checks._find_problem(precision, errors)
    assert (problem is None) is is_exact
    if problem:
        assert f"{name}: " in problem and "error" in problem


def test_a_generator_of_mid_grey_is_exact(tmp_path):
    network = build_generator(MODEL)
    kernel = network.get_layer("deconv_2").kernel
    kernel.assign(kernel * 0.4)
    described = descriptions.describe_generator(network, MODEL, 1)
    files = convert.convert(described, ["float32", "float16"], None)
    images = network(LATENTS).numpy()
    assert 0 < np.abs(images).max() < 2e-4
    for precision, contents in files.items():
        path = tmp_path / f"{precision}.tflite"
        path.write_bytes(contents)
        # Rounded as sums are whose terms cancel.
        given = {"images": images + np.float32(1e-7)}
        check = checks.check_file(path, precision, {"latents": LATENTS}, given)
        assert check.problem is None
        assert check.largest_error > checks.LARGEST_ERRORS["float32"]
