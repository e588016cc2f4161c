"""The client's calls, without a server; tests/cli/test_client.py has one."""

import contextlib
import http.client
import io
import re
import socket
import threading
import urllib.error

import numpy as np
import pytest
from fixtures.errors import list_errors

from dcgan_tf.cli.client import main
from dcgan_tf.serving import client

JPEG_START = b"\xff\xd8\xff"


class Predictor:
    """Notes what it is asked, and answers with numbers that tell rows apart."""

    def __init__(self):
        self.asked = []

    def __call__(self, model, signature, inputs):
        self.asked.append((model, signature, inputs))
        if "seeds" in inputs:
            pixels = inputs["seeds"].reshape(-1, 1, 1, 1)
            return {"images": np.broadcast_to(pixels, (len(pixels), 2, 2, 3))}
        lengths = [[len(contents)] for contents in inputs["image_bytes"]]
        return {"features": np.array(lengths, np.float64)}


def test_images_come_in_the_order_of_their_seeds_over_batches():
    predict = Predictor()
    images = client.sample_images(predict, range(5), batch_size=2)
    assert images.dtype == np.uint8 and images.shape == (5, 2, 2, 3)
    assert list(images[:, 0, 0, 0]) == [0, 1, 2, 3, 4]
    assert [len(inputs["seeds"]) for *_, inputs in predict.asked] == [2, 2, 1]
    assert {asked[:2] for asked in predict.asked} == {("generator", "sample")}


def test_labels_go_with_their_seeds():
    predict = Predictor()
    client.sample_images(predict, [7, 8, 9], [0, 1, 2], batch_size=2)
    pairs = [
        pair
        for *_, inputs in predict.asked
        for pair in zip(inputs["seeds"], inputs["labels"], strict=True)
    ]
    assert pairs == [(7, 0), (8, 1), (9, 2)]
    assert predict.asked[0][2]["labels"].dtype == np.int32


def test_features_are_a_row_for_each_file(tmp_path):
    paths = [tmp_path / str(length) for length in (6, 4, 5)]
    for path in paths:
        path.write_bytes(JPEG_START + b"x" * (int(path.name) - 3))
    features = client.extract_features(Predictor(), paths, batch_size=2)
    assert features.dtype == np.float32
    assert features.tolist() == [[6], [4], [5]]


@pytest.mark.parametrize(
    ("contents", "error", "message"),
    [
        (None, FileNotFoundError, "no file '.*odd'"),
        ("folder", IsADirectoryError, "odd' is a folder; name the JPEG or PNG"),
        (b"", ValueError, "odd' is an empty file"),
        (b"no picture", ValueError, "odd' is no JPEG or PNG file"),
        (b"GIF89a", ValueError, "odd' is no JPEG or PNG file"),
        (b"RIFF\4\0\0\0WEBP", ValueError, "odd' is no JPEG or PNG file"),
        (b"\x89PNG", ValueError, "odd' is no JPEG or PNG file"),
        (b"\xff\xd8", ValueError, "odd' is no JPEG or PNG file"),
    ],
)
def test_what_is_no_image_is_named_before_anything_is_asked(
    tmp_path, contents, error, message, capsys
):
    good, odd = tmp_path / "good", tmp_path / "odd"
    good.write_bytes(JPEG_START)
    if contents == "folder":
        odd.mkdir()
    elif contents is not None:
        odd.write_bytes(contents)
    predict = Predictor()
    with pytest.raises(error, match=message):
        client.extract_features(predict, [good, odd], batch_size=1)
    assert not predict.asked
    # It would say so if it were asked: nobody answers there.
    assert main(["--server=127.0.0.1:9", str(good), str(odd)]) == 1
    (line,) = list_errors(capsys.readouterr().err)
    assert re.search(message, line) and "127.0.0.1" not in line


@pytest.mark.parametrize(
    ("batch_size", "names"),
    [
        (1, "{}/5'"),
        (2, "{}/4' and {}/5'"),
        (3, "{}/3', {}/4' and {}/5'"),
        (4, "{}/4', {}/5', {}/6' and 1 other"),
        (16, "{}/0', {}/1', {}/2' and 7 others"),
    ],
)
def test_files_of_a_refused_request_are_named(tmp_path, batch_size, names):
    paths = [tmp_path / str(i) for i in range(10)]
    for path in paths:
        path.write_bytes(JPEG_START + path.name.encode())

    def predict(model, signature, inputs):
        assert list(inputs) == ["image_bytes"]
        if JPEG_START + b"5" in list(inputs["image_bytes"]):
            raise client.RefusalError("no")
        return {"features": np.ones((len(inputs["image_bytes"]), 1))}

    with pytest.raises(client.ServerError) as error:
        client.extract_features(predict, paths, batch_size)
    expected = names.replace("{}", f"'{tmp_path}")
    assert str(error.value) == f"no; the request was of {expected}"


@pytest.fixture(params=client.PROTOCOLS)
def connect(request):
    if request.param == "grpc":
        pytest.importorskip("tensorflow_serving")
    return client.PROTOCOLS[request.param]


def test_a_server_that_is_not_there_took_no_time(connect):
    predict = connect("127.0.0.1:9")
    with pytest.raises(client.ServerError, match="no answer") as caught:
        predict("generator", "sample", {"seeds": np.array([1])})
    assert "seconds" not in str(caught.value)


def test_a_server_that_is_silent_took_all_the_time(connect):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        predict = connect(f"127.0.0.1:{port}", timeout_seconds=0.2)
        with pytest.raises(client.ServerError, match="none within 0.2 seconds"):
            predict("generator", "sample", {"seeds": np.array([1])})


@pytest.mark.parametrize(
    "body, message",
    [
        (b'{"error": "labels missing"}', "labels missing (HTTP 400)"),
        (b'{"error": {"code": 3}}', "{'code': 3} (HTTP 400)"),
        (b"[]", "[] (HTTP 400)"),
        (b"", "Bad Request (HTTP 400)"),
        (OSError("reset"), "Bad Request (HTTP 400)"),
        (http.client.IncompleteRead(b"x"), "Bad Request (HTTP 400)"),
    ],
)
def test_any_refusal_is_told(body, message, monkeypatch):
    def refuse(*_):
        def read(*_):
            if isinstance(body, Exception):
                raise body
            return body

        answer = io.BytesIO()
        answer.read = read
        raise urllib.error.HTTPError("u", 400, "Bad Request", {}, answer)

    monkeypatch.setattr(client, "post", refuse)
    predict = client.connect_rest("127.0.0.1:9")
    with pytest.raises(client.ServerError, match=re.escape(message)):
        client.sample_images(predict, [1])


@pytest.mark.parametrize(
    "start",
    [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n{"],
    ids=["status", "headers", "body"],
)
def test_a_server_that_drips_its_answer_took_all_the_time(start):
    def drip():
        connection, _ = server.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(start)
            while not is_over.wait(0.05):
                connection.sendall(b"x")

    is_over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip)
        thread.start()
        try:
            port = server.getsockname()[1]
            predict = client.connect_rest(f"127.0.0.1:{port}", 0.5)
            with pytest.raises(client.ServerError, match="within 0.5 seconds"):
                predict("generator", "sample", {"seeds": np.array([1])})
        finally:
            is_over.set()
            thread.join(10)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_told(code):
    answer = (
        f"HTTP/1.1 {code} Moved\r\nLocation: http://127.0.0.1:9/x\r\n"
        "Content-Length: 0\r\n\r\n"
    )

    def redirect():
        connection, _ = server.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(answer.encode())

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=redirect)
        thread.start()
        predict = client.connect_rest(
            f"127.0.0.1:{server.getsockname()[1]}", 10
        )
        with pytest.raises(
            client.ServerError, match="redirects to http://127.0.0.1:9/x"
        ):
            predict("generator", "sample", {"seeds": np.array([1])})
        thread.join(10)


@pytest.mark.parametrize(
    "server",
    [
        "a b:80", "..:80", "host..x:80", "host:0", f"{'a' * 70}:80",
        "ho*st:80", "host:", "host:99999", ":80", "host,other:80",
    ],
)  # fmt: skip
@pytest.mark.parametrize("protocol", client.PROTOCOLS)
def test_impossible_addresses_are_refused(protocol, server):
    with pytest.raises(ValueError, match="use HOST:PORT, such as"):
        client.parse_address(server, protocol)


@pytest.mark.parametrize(
    "server",
    ["127.0.0.1:8501", "[::1]:80", "a_b.local:80", "ü.de:80", "HOST:1"],
)
def test_possible_addresses_are_taken(server):
    assert client.parse_address(server, "rest") == ("http", server)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_features_that_are_not_finite_are_refused(value, tmp_path):
    (tmp_path / "a.png").write_bytes(JPEG_START)
    with pytest.raises(client.ServerError, match="features that are not fin"):
        client.extract_features(
            lambda *_: {"features": np.array([[1.0, value]])},
            [tmp_path / "a.png"],
        )


def test_batches_of_two_sizes_are_told():
    def predict(model, signature, inputs):
        side = 1 + inputs["seeds"][0]
        return {"images": np.zeros((1, side, side, 3), np.uint8)}

    with pytest.raises(client.ServerError, match=r"\(1, 1, 3\), then of \(2,"):
        client.sample_images(predict, range(2), batch_size=1)


@pytest.mark.parametrize("ask", ["images", "features"])
def test_an_answer_of_another_model_is_told(ask, tmp_path):
    def predict(model, signature, inputs):
        return {"scores": np.zeros(1), "classes": np.zeros(1)}

    (tmp_path / "a.png").write_bytes(JPEG_START)
    with pytest.raises(client.ServerError, match=f"scores and no {ask}"):
        if ask == "images":
            client.sample_images(predict, [1])
        else:
            client.extract_features(predict, [tmp_path / "a.png"])
