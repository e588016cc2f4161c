"""A small client of TensorFlow Serving, over REST and gRPC.

Both protocols answer from the same signatures; a predictor is a function
from a model, a signature and named arrays to named arrays.
"""

import base64
import http.client
import json
import os
import re
import urllib.error
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from dcgan_tf.config.json_text import read_json
from dcgan_tf.serving.http_post import post
from dcgan_tf.serving.request_files import check_files, list_names
from dcgan_tf.serving.versions import FEATURES, GENERATOR
from dcgan_tf.serving.warmup import build_request
from dcgan_tf.setting_names import name_setting

Arrays = dict[str, np.ndarray]
Predictor = Callable[[str, str, Arrays], Arrays]

_SHOWN_CHARACTERS = 300  # Of a server's error message.
# What may be before an address; the first where nothing is.
_SCHEMES = {"rest": ("http", "https"), "grpc": ("grpc", "http")}
_EXAMPLES = {"rest": "127.0.0.1:8501", "grpc": "127.0.0.1:8500"}
# The axes of an answer, after one for the inputs' rows.
_IMAGE_AXES, _FEATURE_AXES = ("height", "width", "channels"), ("features",)
# An IPv6 address comes without its brackets.
_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+(%[\w.-]+)?", re.IGNORECASE)
_IS_EXPORT = "; does it serve an export of dcgan_tf?"
# What JSON or a tensor of another form than the documented one raises.
_NONSENSE = (ValueError, LookupError, TypeError, RecursionError)


class ServerError(OSError):
    """The server can't be reached, or refuses a request."""


class RefusalError(ServerError):
    """The server refuses a request."""


def parse_address(server: str, protocol: str) -> tuple[str, str]:
    """Splits a server's address.

    Args:
        server: `HOST:PORT`, or the same as a URL, without a path.
        protocol: `rest` or `grpc`.

    Returns:
        The scheme, `http` or `https`, and `HOST:PORT`.

    Raises:
        ValueError: If it is no such address, or another scheme's.
    """
    text = server if "://" in server else f"{_SCHEMES[protocol][0]}://{server}"
    given = name_setting("server", server)
    usual = f"HOST:PORT, such as {_EXAMPLES[protocol]}"
    try:
        parts = urllib.parse.urlsplit(text)
        port = parts.port
        # What a name may be on the network; "idna" refuses empty labels, too.
        (parts.hostname or "").encode("idna")
        is_host = bool(_HOST.fullmatch(parts.hostname or ""))
    except ValueError:
        port, is_host = None, False
    if not (port and is_host):
        raise ValueError(f"{given}: use {usual}")
    if parts.scheme not in _SCHEMES[protocol]:
        raise ValueError(
            f"{given}: {parts.scheme}:// is not spoken over "
            f"{protocol}; use {usual}"
        )
    rest = (parts.path.strip("/"), parts.query, parts.fragment, parts.username)
    if any(rest):
        raise ValueError(
            f"{given}: only the address, without user or path; use {usual}"
        )
    scheme = "https" if parts.scheme == "https" else "http"
    return scheme, parts.netloc


def connect_rest(server: str, timeout_seconds: float = 30.0) -> Predictor:
    """Returns a predictor over HTTP and JSON.

    Args:
        server: `HOST:PORT`, the port usually 8501, or `http://HOST:PORT`;
            `https://` where something in front of the server speaks it.
        timeout_seconds: For each request.

    Returns:
        The predictor. It raises `ServerError`.

    Raises:
        ValueError: If the server is no such address.
    """
    scheme, server = parse_address(server, "rest")

    def predict(model: str, signature: str, inputs: Arrays) -> Arrays:
        url = f"{scheme}://{server}/v1/models/{model}:predict"
        body = {
            "signature_name": signature,
            "inputs": {k: _to_json(v) for k, v in inputs.items()},
        }
        try:
            contents = post(url, json.dumps(body).encode(), timeout_seconds)
            return _from_json(read_json(contents)["outputs"], signature)
        except urllib.error.HTTPError as error:
            raise RefusalError(
                f"{server} refuses {model}/{signature}: {_read_error(error)}"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                reason = f"none within {timeout_seconds:g} seconds"
            raise ServerError(
                f"no answer from {server} over REST ({reason}); is the server "
                "up, and is this its REST port (usually 8501)?"
            ) from error
        except _NONSENSE as error:
            raise ServerError(
                f"{server} answers no TensorFlow Serving JSON; is this its "
                "REST port (usually 8501)?"
            ) from error

    return predict


def connect_grpc(server: str, timeout_seconds: float = 30.0) -> Predictor:
    """Returns a predictor over gRPC, with the official stubs.

    Args:
        server: `HOST:PORT`, the port usually 8500; `http://` or `grpc://`
            may be before it.
        timeout_seconds: For each request.

    Returns:
        The predictor. It raises `ServerError`.

    Raises:
        ValueError: If the server is no such address.
        ImportError: If tensorflow-serving-api is not installed.
    """
    _, server = parse_address(server, "grpc")
    build_request(GENERATOR, "", {})  # Says at once what is not installed.
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    # Features of a few hundred images outgrow the default of 4 MB.
    unlimited = [
        ("grpc.max_receive_message_length", -1),
        ("grpc.max_send_message_length", -1),
    ]
    channel = grpc.insecure_channel(server, unlimited)
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)

    def predict(model: str, signature: str, inputs: Arrays) -> Arrays:
        try:
            answer = stub.Predict(
                build_request(model, signature, inputs), timeout_seconds
            )
        except grpc.RpcError as error:
            unreachable = (
                grpc.StatusCode.UNAVAILABLE,
                grpc.StatusCode.DEADLINE_EXCEEDED,
            )
            if error.code() in unreachable:
                reason = "it can't be reached"
                if error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
                    reason = f"none within {timeout_seconds:g} seconds"
                raise ServerError(
                    f"no answer from {server} over gRPC ({reason}); is the "
                    "server up, and is this its gRPC port (usually 8500)?"
                ) from error
            raise RefusalError(
                f"{server} refuses {model}/{signature}: "
                f"{error.details()[:_SHOWN_CHARACTERS]}"
            ) from error
        try:
            return {k: tf.make_ndarray(v) for k, v in answer.outputs.items()}
        except _NONSENSE as error:
            raise ServerError(
                f"{server} answers {model}/{signature} with no tensors that "
                "can be read; is it TensorFlow Serving?"
            ) from error

    return predict


PROTOCOLS = {"rest": connect_rest, "grpc": connect_grpc}


def sample_images(
    predict: Predictor,
    seeds: Sequence[int],
    labels: Sequence[int] | None = None,
    batch_size: int = 16,
) -> np.ndarray:
    """Requests one image per seed.

    Args:
        predict: From `connect_rest` or `connect_grpc`.
        seeds: At least one, each an int64.
        labels: Of a conditional generator, one for each seed, each an int32.
        batch_size: Images per request.

    Returns:
        uint8 `(len(seeds), height, width, channels)`.

    Raises:
        ServerError: If there is no answer, a refusal, or an answer that is
            no images.
    """
    inputs = {"seeds": np.asarray(seeds, np.int64)}
    if labels is not None:
        inputs["labels"] = np.asarray(labels, np.int32)
    batches = [
        _check_images(
            _get_output(predict(GENERATOR, "sample", batch), "images"),
            len(batch["seeds"]),
        )
        for batch in _cut(inputs, batch_size)
    ]
    return _join(batches, "images").astype(np.uint8)


def extract_features(
    predict: Predictor,
    paths: Sequence[str | os.PathLike],
    batch_size: int = 16,
) -> np.ndarray:
    """Requests the features of image files.

    Args:
        predict: From `connect_rest` or `connect_grpc`.
        paths: JPEG or PNG files, at least one.
        batch_size: Images per request.

    Returns:
        float32 `(len(paths), num_features)`.

    Raises:
        ServerError: If there is no answer, a refusal, or an answer that is
            no features.
        ValueError: If a file is empty or no JPEG or PNG.
        OSError: If a file can't be read.
    """
    check_files(paths)
    contents = np.array([Path(path).read_bytes() for path in paths], object)
    inputs = {"image_bytes": contents, "paths": np.array(paths, object)}
    batches = []
    for batch in _cut(inputs, batch_size):
        asked = batch.pop("paths")
        try:
            outputs = predict(FEATURES, "encoded", batch)
        except RefusalError as error:
            raise RefusalError(
                f"{error}; the request was of {list_names(asked)}"
            ) from error
        values = _get_output(outputs, "features")
        batches.append(
            _check_numbers("features", values, len(asked), _FEATURE_AXES)
        )
    return _join(batches, "features").astype(np.float32)


def _get_output(outputs: Arrays, name: str) -> np.ndarray:
    if name not in outputs:
        listed = ", ".join(sorted(outputs)) or "nothing"
        raise ServerError(
            f"the server answers with {listed} and no {name}{_IS_EXPORT}"
        )
    return outputs[name]


def _check_numbers(
    name: str, values: np.ndarray, count: int, axes: Sequence[str]
) -> np.ndarray:
    """Returns numbers of so many rows and axes, or says what came instead."""
    is_fitting = len(values.shape) == 1 + len(axes) and len(values) == count
    if not is_fitting or not values.size or values.dtype.kind not in "iuf":
        raise ServerError(
            f"the server answers with {name} of {values.dtype} {values.shape}, "
            f"not numbers ({', '.join((str(count), *axes))}){_IS_EXPORT}"
        )
    if not np.isfinite(values).all():
        raise ServerError(
            f"the server answers with {name} that are not finite; was the "
            "model trained to a step where its losses were?"
        )
    return values


def _check_images(images: np.ndarray, count: int) -> np.ndarray:
    """Refuses besides what would be other pixels as uint8."""
    _check_numbers("images", images, count, _IMAGE_AXES)
    low, high, channels = images.min(), images.max(), images.shape[-1]
    is_whole = images.dtype.kind in "iu" and 0 <= low <= high <= 255
    if not is_whole or channels not in (1, 3, 4):
        raise ServerError(
            f"the server answers with images of {channels} channels, "
            f"{images.dtype} from {low:g} to {high:g}, not of 1, 3 or 4 and "
            f"whole numbers from 0 to 255{_IS_EXPORT}"
        )
    return images


def _join(batches: list[np.ndarray], name: str) -> np.ndarray:
    shapes = list(dict.fromkeys(batch.shape[1:] for batch in batches))
    if len(shapes) > 1:  # Another version was loaded meanwhile.
        raise ServerError(
            f"the server answers with {name} of {shapes[0]}, then of "
            f"{shapes[1]}; ask again"
        )
    return np.concatenate(batches)


def _cut(inputs: Arrays, batch_size: int) -> Iterator[Arrays]:
    count = len(next(iter(inputs.values())))
    for start in range(0, count, batch_size):
        yield {k: v[start : start + batch_size] for k, v in inputs.items()}


def _to_json(values: np.ndarray):
    if values.dtype == object:
        return [{"b64": base64.b64encode(v).decode()} for v in values]
    return values.tolist()


def _from_json(answer, signature: str) -> Arrays:
    # A single output comes without its name.
    if not isinstance(answer, dict):
        name = "image_bytes" if signature == "png" else "images"
        answer = {name: answer}
    return {
        name: np.array(
            [base64.b64decode(value["b64"]) for value in values], object
        )
        if name.endswith("_bytes")
        else np.asarray(values)
        for name, values in answer.items()
    }


def _read_error(error: urllib.error.HTTPError) -> str:
    try:
        text = error.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):  # It broke off.
        text = ""
    if 300 <= error.code < 400:
        where = error.headers.get("Location", "nowhere")
        text = f"it redirects to {where}; give the server itself"
    try:
        text = str(read_json(text)["error"])
    except _NONSENSE:
        text = text or str(error.reason)
    return f"{text[:_SHOWN_CHARACTERS]} (HTTP {error.code})"
