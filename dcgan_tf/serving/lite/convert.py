"""Converts networks to LiteRT (TFLite) files with metadata inside.

A file is converted from a SavedModel that is written for it, with the batch
size it is to have: conversion from concrete functions can leave the weights
out without a word, and delegates and the browser want a fixed batch.
"""

import contextlib
import dataclasses
import itertools
import json
import os
import struct
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import flatbuffers
import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

from dcgan_tf import failures, tf_paths
from dcgan_tf.config.json_text import read_json
from dcgan_tf.context.op_callbacks import without_op_callbacks
from dcgan_tf.context.shared_by_threads import shared_by_threads
from dcgan_tf.serving.lite.half_precision import kernels_rounded

METADATA_NAME = "dcgan_tf"
PRECISIONS = ("float32", "float16", "dynamic_int8", "full_int8")

NUM_CALIBRATED = 100

# What bytes of anything else than a file with metadata raise.
_NONSENSE = (
    ValueError, TypeError, LookupError, AttributeError, RecursionError,
    struct.error,
)  # fmt: skip
# Of inputs and outputs.
_DTYPES = {
    schema.TensorType.FLOAT32: "float32",
    schema.TensorType.INT32: "int32",
    schema.TensorType.INT8: "int8",
}

Examples = Callable[[], Iterable[dict[str, np.ndarray]]]


@dataclasses.dataclass(frozen=True)
class Network:
    """A network to convert.

    Attributes:
        name: Of its files.
        module: Holds the variables, as `tf.saved_model.save` needs.
        function: From and to named tensors.
        inputs: Their specs, by name, the first axis the batch's.
        examples: Gives inputs such as it will see, one image's at a time;
            integers' scales are calibrated on the first `NUM_CALIBRATED`.
        metadata: What a user of the file must know.
        image_kernels: Of convolutions that see images, with no batch norm
            folded into them: float16 keeps their filters' sums.
        offsets: Zeros that the function adds to some of its outputs, by
            name; what integers' errors are taken back by.
    """

    name: str
    module: tf.Module
    function: Callable[..., dict[str, tf.Tensor]]
    inputs: dict[str, tf.TensorSpec]
    examples: Examples
    metadata: dict
    image_kernels: Sequence[tf.Variable] = ()
    offsets: Mapping[str, tf.Variable] = dataclasses.field(default_factory=dict)


def convert(
    network: Network, precisions: Sequence[str], batch_size: int | None
) -> dict[str, bytes]:
    """Converts a network.

    Args:
        network: What to convert.
        precisions: Of `PRECISIONS`. `float16` stores weights in half the
            bytes and computes in float32; `dynamic_int8` stores weights in a
            quarter and quantises activations as they come; `full_int8` does
            all in integers, its inputs and outputs too, with scales that
            were calibrated.
        batch_size: Fixed, or None for any.

    Returns:
        The files' contents, by precision.
    """
    contents = {}
    with (
        tempfile.TemporaryDirectory() as tmp_dir,
        failures.full_disk_named(tmp_dir),
        tf_paths.plain_dir(tmp_dir) as folder,
    ):
        exact = os.path.join(folder, "exact")
        _save(network, batch_size, exact)
        for precision in precisions:
            saved = exact
            if precision == "float16" and network.image_kernels:
                saved = os.path.join(folder, "half")
                with kernels_rounded(network.image_kernels):
                    _save(network, batch_size, saved)
            contents[precision] = _describe(
                _convert(saved, precision, network.examples),
                {**network.metadata, "precision": precision},
            )
    return contents


def _convert(folder: str, precision: str, examples: Examples) -> bytes:
    converter = tf.lite.TFLiteConverter.from_saved_model(folder)
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if precision == "full_int8":
        converter.representative_dataset = lambda: itertools.islice(
            examples(), NUM_CALIBRATED
        )
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.TFLITE_BUILTINS_INT8
        ]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
    with _interpreter_warning_ignored():
        return converter.convert()


@shared_by_threads
@contextlib.contextmanager
def _interpreter_warning_ignored() -> Iterator[None]:
    """Calibration still uses the interpreter that is going away."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"\s*Warning: tf.lite.Interpreter")
        yield


def load_metadata(path: str | os.PathLike) -> dict:
    """Loads a file's metadata: its network's inputs and outputs.

    Any FlatBuffers reader of the TFLite schema finds the same JSON in the
    metadata entry named `dcgan_tf`.

    Args:
        path: A file that `convert` made.

    Returns:
        `inputs` and `outputs` (by name a dict: `values`, what they are and
        their range; of files since version 0.2.0 also `dtype` and `shape`,
        None for a batch of any size, and of integers that stand for numbers
        `scale` and `zero_point`), `image_size` `[height, width]`, `channels`,
        `latent_dim`, `num_classes`, 0 for none, `precision`, and the run's
        `step`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no LiteRT file, or holds no such entry.
    """
    contents = Path(path).read_bytes()
    try:
        metadata = _read_metadata(contents)
    except _NONSENSE as error:
        raise ValueError(
            f"{os.fspath(path)!r} is no LiteRT file, or a damaged one; give a "
            ".tflite file that was exported by dcgan_tf"
        ) from error
    if metadata is not None:
        return metadata
    raise ValueError(
        f"{os.fspath(path)!r} has no metadata entry {METADATA_NAME!r}; it was "
        "not exported by dcgan_tf"
    )


def _read_metadata(contents: bytes) -> dict | None:
    if not schema.Model.ModelBufferHasIdentifier(contents, 0):
        raise ValueError("it has not the mark of a LiteRT file")
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(contents))
    for entry in model.metadata or []:
        if entry.name.decode() == METADATA_NAME:
            contents = bytes(model.buffers[entry.buffer].data)
            return _add_tensors(read_json(contents))
    return None


def _add_tensors(metadata: dict) -> dict:
    """Adds `inputs` and `outputs` to what version 0.1.0 wrote."""
    if "inputs" in metadata:
        return metadata
    name, values = metadata["takes"].split(": ")
    inputs = {name: {"values": values}}
    if metadata["gives"] == "features and logits":
        outputs = {"features": {"values": "any"}, "logits": {"values": "any"}}
    else:
        name, values = metadata["gives"].split(": ")
        outputs = {name: {"values": values}}
    if name == "images" and metadata.get("num_classes"):
        inputs["labels"] = {"values": "classes from 0"}
    return {**metadata, "inputs": inputs, "outputs": outputs}


@without_op_callbacks()
def _save(network: Network, batch_size: int | None, folder: str) -> None:
    specs = {
        name: tf.TensorSpec((batch_size, *spec.shape[1:]), spec.dtype, name)
        for name, spec in network.inputs.items()
    }
    function = tf.function(network.function, autograph=False)
    signature = function.get_concrete_function(**specs)
    tf.saved_model.save(network.module, folder, signature)


def _describe(contents: bytes, metadata: dict) -> bytes:
    """Adds metadata, whose tensors become the file's own."""
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(contents))
    (signature,) = model.signatureDefs
    own = model.subgraphs[signature.subgraphIndex].tensors
    for part, old in (("inputs", "takes"), ("outputs", "gives")):
        described = {
            tensor.name.decode(): _describe_tensor(
                own[tensor.tensorIndex],
                metadata[part][tensor.name.decode()]["values"],
            )
            for tensor in getattr(signature, part)
        }
        # In a sentence, as version 0.1.0 said it.
        sentence = "; ".join(
            f"{k}: {v['values']}" for k, v in described.items()
        )
        metadata = {**metadata, part: described, old: sentence}
    return _add_metadata(contents, metadata)


def _describe_tensor(tensor: schema.TensorT, values: str) -> dict:
    # Sizes that differ from call to call are less than zero in a signature,
    # which a tensor has only where there are some.
    shape = tensor.shapeSignature
    if shape is None:
        shape = tensor.shape
    described = {
        "dtype": _DTYPES[tensor.type],
        "shape": [int(size) if size >= 0 else None for size in shape],
        "values": values,
    }
    if tensor.type != schema.TensorType.INT8:
        return described
    return {
        **described,
        "values": f"{values}; as int8 q, which stands for scale * (q - "
        "zero_point)",
        "scale": float(tensor.quantization.scale[0]),
        "zero_point": int(tensor.quantization.zeroPoint[0]),
    }


def _add_metadata(contents: bytes, metadata: dict) -> bytes:
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(contents))
    buffer = schema.BufferT()
    buffer.data = list(json.dumps(metadata).encode())
    entry = schema.MetadataT()
    entry.name = METADATA_NAME
    entry.buffer = len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    builder = flatbuffers.Builder(len(contents))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
