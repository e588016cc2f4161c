"""A test double of TensorFlow Serving: its protocols, not its server.

It loads an export with TensorFlow in Python and speaks the official gRPC
messages and the documented JSON. It proves the client and the signatures'
names; it proves nothing about the real server's speed or batching.
"""

import base64
import concurrent.futures
import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf


class Models:
    """The models that an export's `models.config` names."""

    def __init__(self, export_dir: Path):
        self.loaded = {
            name: tf.saved_model.load(str(export_dir / name / "1"))
            for name in ("generator", "discriminator_features")
        }

    def predict(self, name, signature, inputs):
        function = self.loaded[name].signatures[signature]
        _, specs = function.structured_input_signature
        outputs = function(
            **{
                key: tf.constant(value, specs[key].dtype)
                for key, value in inputs.items()
            }
        )
        return {key: value.numpy() for key, value in outputs.items()}


@contextlib.contextmanager
def serve_rest(models: Models) -> Iterator[str]:
    """Serves JSON; gives `HOST:PORT`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers["Content-Length"])
            body = json.loads(self.rfile.read(length))
            name = self.path.removeprefix("/v1/models/").split(":")[0]
            try:
                outputs = models.predict(
                    name,
                    body["signature_name"],
                    {k: _from_json(v) for k, v in body["inputs"].items()},
                )
                answer = {k: _to_json(k, v) for k, v in outputs.items()}
                # The server drops the name of a single output.
                if len(answer) == 1:
                    (answer,) = answer.values()
                self.answer(200, {"outputs": answer})
            except Exception as error:
                self.answer(400, {"error": str(error)})

        def answer(self, status, body):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _from_json(values):
    if isinstance(values[0], dict):
        return [base64.b64decode(value["b64"]) for value in values]
    return values


def _to_json(name, values):
    if name.endswith("_bytes"):
        return [{"b64": base64.b64encode(value).decode()} for value in values]
    return values.tolist()


@contextlib.contextmanager
def serve_grpc(models: Models) -> Iterator[str]:
    """Serves gRPC; gives `HOST:PORT`."""
    import grpc
    from tensorflow_serving.apis import (
        predict_pb2,
        prediction_service_pb2_grpc,
    )

    class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
        def Predict(self, request, context):
            try:
                outputs = models.predict(
                    request.model_spec.name,
                    request.model_spec.signature_name,
                    {k: tf.make_ndarray(v) for k, v in request.inputs.items()},
                )
            except Exception as error:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
            response = predict_pb2.PredictResponse()
            for key, value in outputs.items():
                proto = tf.make_tensor_proto(np.asarray(value))
                response.outputs[key].CopyFrom(proto)
            return response

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        Service(), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None)
