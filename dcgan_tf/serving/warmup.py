"""Requests that TensorFlow Serving replays before it serves a version.

The first request of a signature builds what later ones reuse; a user should
not be the one to wait for it.
"""

import io
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from dcgan_tf import images as image_ops
from dcgan_tf import tf_paths
from dcgan_tf.config import ModelConfig
from dcgan_tf.latents import sample_latents
from dcgan_tf.serving import versions

WARMUP_FILE = "assets.extra/tf_serving_warmup_requests"
_BATCH_SIZES = (1, 8)


def make_inputs(
    model: ModelConfig, examples: np.ndarray
) -> dict[str, dict[str, dict[str, np.ndarray]]]:
    """Returns inputs of every signature, by model and signature.

    Args:
        model: The networks' shape.
        examples: Images, float32 in `[-1, 1]`.
    """
    count = max(_BATCH_SIZES)
    labels = {}
    if model.num_classes:
        numbers = np.arange(count, dtype=np.int32)
        labels["labels"] = numbers % model.num_classes
    latents = sample_latents(count, model.latent_dim, (0, 0)).numpy()
    drawn = {"latents": latents, **labels}
    # Small data has fewer images than a warm-up batch.
    images = np.resize(examples, (count, *examples.shape[1:]))
    files = [_encode_png(image) for image in image_ops.to_uint8(images).numpy()]
    return {
        versions.GENERATOR: {
            "serving_default": drawn,
            "png": drawn,
            "sample": {"seeds": np.arange(count, dtype=np.int64), **labels},
        },
        versions.FEATURES: {
            "serving_default": {"images": images},
            "encoded": {"image_bytes": np.array(files, object)},
        },
    }


def _encode_png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    pixels = image[..., 0] if image.shape[-1] == 1 else image
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def save_requests(
    model_dir: str | os.PathLike,
    name: str,
    inputs: dict[str, dict[str, np.ndarray]],
) -> int:
    """Writes requests that the server replays before it serves a version.

    Args:
        model_dir: A SavedModel's folder.
        name: The model's, as in `models.config`.
        inputs: By signature and input, at least as many rows as the largest
            warm-up batch.

    Returns:
        The number of requests.

    Raises:
        ImportError: If tensorflow-serving-api is not installed.
    """
    path = Path(model_dir, WARMUP_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    requests = [
        build_request(name, signature, {k: v[:size] for k, v in rows.items()})
        for signature, rows in inputs.items()
        for size in _BATCH_SIZES
    ]
    _write_logs(path, requests)
    return len(requests)


def build_request(model: str, signature: str, inputs: dict):
    """Builds an official `PredictRequest`.

    Args:
        model: Its name.
        signature: Its name.
        inputs: Arrays by name.

    Raises:
        ImportError: If tensorflow-serving-api is not installed.
    """
    predict, _ = import_messages()
    request = predict.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return request


def _write_logs(path: Path, requests: Iterable) -> None:
    _, logs = import_messages()
    with tf_paths.plain_dir(path.parent) as folder:
        with tf.io.TFRecordWriter(os.fspath(folder / path.name)) as writer:
            for request in requests:
                log = logs.PredictionLog()
                log.predict_log.request.CopyFrom(request)
                writer.write(log.SerializeToString())


def import_messages():
    """Returns the official modules of requests and of logs.

    Raises:
        ImportError: If tensorflow-serving-api is not installed.
    """
    try:
        from tensorflow_serving.apis import predict_pb2, prediction_log_pb2
    except ImportError as error:
        raise ImportError(
            "TensorFlow Serving's messages are in tensorflow-serving-api, "
            "which is not installed: pip install 'dcgan_tf[serving]'"
        ) from error
    return predict_pb2, prediction_log_pb2
