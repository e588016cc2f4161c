"""Reduces the errors of integer files that calibration leaves.

Where an image is flat, as a background is, a convolution sees the same values
at every place, and rounds them the same way: the errors don't cancel in the
sums over a map that follow, a discriminator's logit above all.
"""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import flatbuffers
import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

from dcgan_tf import failures
from dcgan_tf.serving.lite import checks


def measure_bias(
    contents: bytes,
    inputs: dict[str, np.ndarray],
    expected: np.ndarray,
    output: str,
) -> np.ndarray:
    """Measures the mean error of an output over some inputs.

    Adding its negative to the output is bias correction (Nagel et al., 2019,
    "Data-free quantization through weight equalization and bias correction",
    arXiv 1906.04721, Section 4.2, the empirical one).

    Args:
        contents: A file.
        inputs: By name, `(count, ...)`, such as the file was calibrated on.
        expected: The float32 network's output for them, `(count, size)`.
        output: Its name.

    Returns:
        float32 `(size,)`.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        failures.full_disk_named(folder),
    ):
        path = Path(folder, "network.tflite")
        path.write_bytes(contents)
        given = checks.run_rows(checks.LiteNetwork(path), inputs)[output]
    return np.mean(given - expected, axis=0, dtype=np.float32)


@contextlib.contextmanager
def corrected(offset: tf.Variable, bias: np.ndarray) -> Iterator[None]:
    """Has an output's offset take back a bias, for as long as it lasts."""
    try:
        offset.assign(-bias)
        yield
    finally:
        offset.assign(tf.zeros_like(offset))


def keep_first_in_float(contents: bytes, exact: bytes) -> bytes:
    """Gives back its float weights to the first convolution in integers.

    What it sees was never normalised; its inputs' rounding, with a scale for
    a whole image, is most of a dynamically quantised discriminator's error.

    Args:
        contents: A `dynamic_int8` file.
        exact: The `float32` file of the same network and batch size.

    Returns:
        The file, three bytes larger for each of those weights; the same one
        where no convolution is in integers.
    """
    model = _read(contents)
    exact_model = _read(exact)
    for tensor, exact_tensor in zip(
        _list_kernels(model), _list_kernels(exact_model), strict=True
    ):
        if tensor.type != schema.TensorType.INT8:
            continue
        weights = exact_model.buffers[exact_tensor.buffer].data
        model.buffers[tensor.buffer].data = weights
        tensor.type = schema.TensorType.FLOAT32
        tensor.quantization = None
        builder = flatbuffers.Builder(len(contents))
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())
    return contents


def _read(contents: bytes) -> schema.ModelT:
    return flatbuffer_utils.read_model_from_bytearray(bytearray(contents))


def _list_kernels(model: schema.ModelT) -> list[schema.TensorT]:
    """Returns the kernels of convolutions, in the order they are run."""
    (graph,) = model.subgraphs
    convolution = schema.BuiltinOperator.CONV_2D
    return [
        graph.tensors[operator.inputs[1]]
        for operator in graph.operators
        if model.operatorCodes[operator.opcodeIndex].builtinCode == convolution
    ]
