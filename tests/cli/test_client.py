import dataclasses
import json
import types

import numpy as np
import pytest
import tensorflow as tf
from fixtures import fake_model_server, tiny_run
from fixtures.errors import list_errors

from dcgan_tf import images
from dcgan_tf.cli import client
from dcgan_tf.models.generator import build_generator
from dcgan_tf.serving import saved_model
from dcgan_tf.serving.client import ServerError, connect_rest, sample_images
from dcgan_tf.serving.export import export_run

pytest.importorskip(
    "tensorflow_serving", reason="needs: pip install -e '.[serving]'"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("client")
    pictures = tiny_run.make_pictures(path / "pictures")
    run_dir = tiny_run.make_run(path / "run", pictures)
    export_run(run_dir, path / "export", log=lambda line: None)
    return path


@pytest.fixture(scope="module")
def models(folder):
    return fake_model_server.Models(folder / "export")


@pytest.fixture(scope="module", params=["rest", "grpc"])
def server(request, models):
    serve = getattr(fake_model_server, f"serve_{request.param}")
    with serve(models) as address:
        yield [f"--server={address}", f"--protocol={request.param}"]


def test_samples_by_seed_become_a_grid(server, models, tmp_path):
    output = tmp_path / "grid.png"
    flags = ["--num=5", "--seed=3", "--batch_size=2", f"--output={output}"]
    assert client.main([*server, *flags]) == 0
    expected = models.predict(
        "generator", "sample", {"seeds": 3_000_000 + np.arange(5)}
    )["images"]
    np.testing.assert_array_equal(
        images.load_png(output), images.make_grid(expected)
    )


def test_features_of_files_become_an_array(server, models, folder, tmp_path):
    files = sorted(map(str, (folder / "pictures").iterdir()))[:5]
    output = tmp_path / "features.npy"
    flags = ["--batch_size=2", f"--output={output}"]
    assert client.main([*server, *flags, *files]) == 0
    contents = [open(path, "rb").read() for path in files]
    expected = models.predict(
        "discriminator_features", "encoded", {"image_bytes": contents}
    )["features"]
    np.testing.assert_allclose(np.load(output), expected, rtol=1e-4, atol=1e-6)


def test_what_the_server_refuses_is_one_line(server, tmp_path, capsys):
    path = tmp_path / "no.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\nno picture")
    assert client.main([*server, str(path)]) == 1
    error = capsys.readouterr().err.strip()
    assert "not a whole JPEG or PNG" in error and "\n" not in error
    assert error.endswith(f"; the request was of '{path}'")


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_a_conditional_generator_needs_a_label(tmp_path, protocol, capsys):
    model = dataclasses.replace(tiny_run.MODEL, num_classes=3)
    saved_model.save_generator(
        build_generator(model), model, tmp_path / "generator" / "1"
    )
    models = fake_model_server.Models(tmp_path)
    output = f"--output={tmp_path / 'grid.png'}"
    with getattr(fake_model_server, f"serve_{protocol}")(models) as address:
        flags = [f"--server={address}", f"--protocol={protocol}", "--num=1"]
        assert client.main([*flags, output]) == 1
        error = capsys.readouterr().err.strip()
        assert "conditional generator" in error and "--label=0" in error
        assert "\n" not in error
        assert client.main([*flags, output, "--label=2"]) == 0
        assert client.main([*flags, output, "--label=3"]) == 1
        assert "from 0 to 2" in capsys.readouterr().err


@pytest.mark.parametrize("slash", ["", "/"])
def test_an_address_may_be_a_url(server, tmp_path, slash):
    address, protocol = server
    address = address.replace("--server=", "--server=http://") + slash
    output = f"--output={tmp_path / 'grid.png'}"
    assert client.main([address, protocol, "--num=1", output]) == 0


@pytest.mark.parametrize(
    "address, message",
    [
        ("localhost", "use HOST:PORT"),
        ("localhost:0", "use HOST:PORT"),
        ("no host:8501", "use HOST:PORT"),
        ("a..b:8501", "use HOST:PORT"),
        (":8501", "use HOST:PORT"),
        ("http://", "use HOST:PORT"),
        ("localhost:http", "use HOST:PORT"),
        ("localhost:99999", "use HOST:PORT"),
        ("[::1", "use HOST:PORT"),
        ("ftp://localhost:8501", "ftp:// is not spoken"),
        ("http://localhost:8501/v1/models", "without user or path"),
        ("http://me@localhost:8501", "without user or path"),
    ],
)
@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_what_is_no_address_is_one_line(
    address, message, protocol, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    flags = [f"--server={address}", f"--protocol={protocol}"]
    assert client.main(flags) == 2
    error = capsys.readouterr().err.strip()
    assert message in error and "\n" not in error
    assert f"--server={address}" in error


def test_grpc_over_tls_is_refused(capsys):
    flags = ["--server=https://localhost:8500", "--protocol=grpc"]
    assert client.main(flags) == 2
    assert "https:// is not spoken over grpc" in capsys.readouterr().err


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
@pytest.mark.parametrize("output", [None, "a/b/grid.png", "a/features.npy"])
def test_no_server_is_one_line(
    protocol, output, folder, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    flags = ["--server=127.0.0.1:9", f"--protocol={protocol}"]
    if output is not None:
        flags.append(f"--output={output}")
    if output == "a/features.npy":
        flags.append(str(folder / "pictures" / "00.png"))
    assert client.main([*flags, "--timeout_seconds=2"]) == 1
    error = capsys.readouterr().err.strip()
    assert "no answer from 127.0.0.1:9" in error and "\n" not in error
    assert not list(tmp_path.iterdir())


def test_the_other_protocols_port_is_one_line(models, capsys):
    with fake_model_server.serve_grpc(models) as address:
        assert client.main([f"--server={address}", "--timeout_seconds=3"]) == 1
    assert "REST port" in capsys.readouterr().err


NO_JSON = "answers no TensorFlow Serving JSON"
NO_EXPORT = "does it serve an export of dcgan_tf?"
PIXELS = [[[[1, 2, 3], [4, 5, 6]]]] * 2  # Two images of 1x2.


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("[1,2]", NO_JSON),
        ("null", NO_JSON),
        ("3", NO_JSON),
        ('"outputs"', NO_JSON),
        ("{}", NO_JSON),
        ("", NO_JSON),
        ("<html>", NO_JSON),
        (b"\xff\xfe", NO_JSON),
        ("[" * 200_000, NO_JSON),
        ('{"predictions": [[1, 2]]}', NO_JSON),
        ({"outputs": [[1], [1, 2]]}, NO_JSON),
        ({"outputs": {"image_bytes": [1, 2]}}, NO_JSON),
        ({"outputs": {"image_bytes": [{"b64": "x"}]}}, NO_JSON),
        ({"outputs": {"image_bytes": None}}, NO_JSON),
        ({"outputs": {}}, "answers with nothing and no images"),
        ({"outputs": {"scores": [1, 2]}}, "answers with scores and no images"),
        ({"outputs": {"images": "x"}}, "images of <U1 ()"),
        ({"outputs": {"images": None}}, "images of object ()"),
        ({"outputs": {"images": {"x": 1}}}, "images of object ()"),
        ({"outputs": None}, "images of object ()"),
        ({"outputs": "x"}, "images of <U1 ()"),
        ({"outputs": []}, "images of float64 (0,)"),
        ({"outputs": [1, 2]}, "images of int64 (2,), not numbers (2, height, "),
        ({"outputs": PIXELS[:1]}, "images of int64 (1, 1, 2, 3), not numbers"),
        ({"outputs": [[[["a"]]]] * 2}, "images of <U1 (2, 1, 1, 1)"),
        ({"outputs": [[[[True]]]] * 2}, "images of bool"),
        ({"outputs": [[[[10**30]]]] * 2}, "images of object"),
        ({"outputs": [[[[]]]] * 2}, "images of float64 (2, 1, 1, 0)"),
        ({"outputs": [[[[1, 2]]]] * 2}, "images of 2 channels"),
        ({"outputs": [[[[256]]]] * 2}, "int64 from 256 to 256"),
        ({"outputs": [[[[-1]]]] * 2}, "int64 from -1 to -1"),
        ({"outputs": [[[[0.5]]], [[[-1.0]]]]}, "float64 from -1 to 0.5"),
    ],
)
def test_nonsense_is_one_line(body, words, tmp_path, capsys):
    output = tmp_path / "new" / "grid.png"
    body = json.dumps(body) if isinstance(body, dict) else body
    body = body.encode() if isinstance(body, str) else body
    with fake_model_server.serve_body(body) as address:
        flags = [f"--server={address}", "--num=2", f"--output={output}"]
        assert client.main(flags) == 1
        (line,) = list_errors(capsys.readouterr().err)
        assert words in line
        assert words == NO_JSON or NO_EXPORT in line
        with pytest.raises(ServerError):
            sample_images(connect_rest(address), range(2))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ({"features": "x"}, "features of <U1 (), not numbers (1, features)"),
        ({"features": [1.0, 2.0]}, "features of float64 (2,)"),
        ({"features": [[1.0], [2.0]]}, "features of float64 (2, 1)"),
        ({"features": [[]]}, "features of float64 (1, 0)"),
        ({"features": [["a"]]}, "features of <U1 (1, 1)"),
        ({"features": [[None]]}, "features of object (1, 1)"),
        ({"logits": [[1.0]]}, "answers with logits and no features"),
    ],
)
def test_nonsense_of_features_is_one_line(
    outputs, words, folder, tmp_path, capsys
):
    path = str(folder / "pictures" / "00.png")
    output = f"--output={tmp_path / 'new' / 'features.npy'}"
    body = json.dumps({"outputs": outputs}).encode()
    with fake_model_server.serve_body(body) as address:
        assert client.main([f"--server={address}", output, path]) == 1
    (line,) = list_errors(capsys.readouterr().err)
    assert words in line and NO_EXPORT in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ({"images": np.array(3)}, "images of int64 ()"),
        ({"images": np.array(b"x")}, "images of object ()"),
        ({"images": np.zeros((2, 1, 1, 3), np.float32)}, "float32 from 0 to 0"),
        ({"images": np.zeros((1, 1, 1, 3), np.uint8)}, "(2, height, width, "),
        ({"scores": np.zeros(2)}, "answers with scores and no images"),
        (
            {"images": type(tf.make_tensor_proto(0))()},
            "no tensors that can be read",
        ),
    ],
)
def test_nonsense_over_grpc_is_one_line(outputs, words, tmp_path, capsys):
    models = types.SimpleNamespace(predict=lambda *_: outputs)
    output = f"--output={tmp_path / 'new' / 'grid.png'}"
    with fake_model_server.serve_grpc(models) as address:
        flags = [f"--server={address}", "--protocol=grpc", "--num=2", output]
        assert client.main(flags) == 1
    (line,) = list_errors(capsys.readouterr().err)
    assert words in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments, code, message",
    [
        (["--output=a.jpg"], 2, ".png"),
        (["--output=a.png", "some.png"], 2, ".npy"),
        (["nowhere.png"], 1, "no file 'nowhere.png'"),
        (["some.png", "--num=5"], 2, "--num is for drawing samples"),
        (["some.png", "--seed=0"], 2, "--seed is for drawing samples"),
        (["some.png", "--label=2"], 2, "--label is for drawing samples"),
        (["--protocol=smtp"], 2, "rest|grpc"),
        (["--batch_size=0"], 2, "batch_size"),
        (["--label=-1"], 2, "label"),
        (["--label=2147483648"], 2, "label"),
        (["--timeout_seconds=0"], 2, "timeout_seconds"),
        (["--timeout_seconds=nan"], 2, "timeout_seconds=nan: give a number"),
        (["--timeout_seconds=inf"], 2, "timeout_seconds"),
        (["--timeout_seconds=1e30"], 2, "timeout_seconds"),
    ],
)
def test_bad_flags_are_one_line(arguments, code, message, capsys):
    assert client.main(arguments) == code
    error = capsys.readouterr().err.strip()
    assert message in error and "\n" not in error
