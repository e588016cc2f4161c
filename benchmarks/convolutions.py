"""Times the two convolution passes that this project writes its own way.

    python benchmarks/convolutions.py [--json=F] [--smoke]

Filter gradients over a batch of 128 and transposed convolutions to an
image, TensorFlow's beside those of `dcgan_tf/models/convolutions.py`, which
takes its own only where this shows them to be faster.
"""

import argparse
import json
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import machine  # noqa: E402
import tensorflow as tf  # noqa: E402

from dcgan_tf.models import convolutions  # noqa: E402

# Side of the larger map, its channels, the smaller one's, kernel, stride:
# the networks of 64x64 (base 64 and 128) and 32x32 (both kinds) pixels.
FILTER_GRADIENTS = [
    (32, 64, 128, 5, 2),
    (32, 128, 256, 5, 2),
    (16, 64, 128, 5, 2),
    (16, 128, 256, 5, 2),
    (16, 256, 512, 5, 2),
    (8, 128, 256, 5, 2),
    (8, 256, 512, 5, 2),
    (8, 512, 1024, 5, 2),
    (16, 256, 256, 3, 2),
    (8, 256, 512, 3, 1),
    (8, 512, 512, 3, 2),
    (32, 3, 64, 5, 2),
]
TRANSPOSES = [(64, 3, 64, 5, 2), (64, 3, 128, 5, 2), (32, 1, 64, 5, 2)]
SMOKE_SHAPES = [(8, 3, 8, 5, 2)]
DTYPES = (tf.float32, tf.bfloat16)


def make_filter_gradients(side, channels, filters, kernel_size, stride):
    """Returns both ways to compute it, and the shapes of their inputs."""
    kernel_shape = tf.TensorShape((kernel_size, kernel_size, channels, filters))

    def run_tensorflow(large, small):
        return tf.raw_ops.Conv2DBackpropFilter(
            input=large,
            filter_sizes=kernel_shape,
            out_backprop=small,
            strides=[1, stride, stride, 1],
            padding="SAME",
        )

    def run_project(large, small):
        return convolutions.convolve_batch(large, small, kernel_shape, stride)

    shapes = (side, side, channels), (side // stride, side // stride, filters)
    return run_tensorflow, run_project, shapes


def make_transposes(side, channels, filters, kernel_size, stride):
    """Returns both ways to compute it, and the shapes of their inputs."""
    kernel = tf.random.stateless_normal(
        (kernel_size, kernel_size, channels, filters), (0, 0)
    )

    def run_tensorflow(maps):
        return tf.nn.conv2d_transpose(
            maps,
            tf.cast(kernel, maps.dtype),
            (maps.shape[0], side, side, channels),
            stride,
            "SAME",
        )

    def run_project(maps):
        return convolutions.transpose_by_subpixels(
            maps, tf.cast(kernel, maps.dtype), stride
        )

    shapes = ((side // stride, side // stride, filters),)
    return run_tensorflow, run_project, shapes


def time_in_turns(functions, inputs, num_rounds: int) -> list[float]:
    """Returns each function's median seconds."""
    functions = [tf.function(function) for function in functions]
    seconds = [[] for _ in functions]
    for number in range(num_rounds + 1):
        for function, times in zip(functions, seconds, strict=True):
            start = time.perf_counter()
            function(*inputs)
            if number:  # The first round traces.
                times.append(time.perf_counter() - start)
    return [statistics.median(times) for times in seconds]


def measure(name, make, shape, batch_size, num_rounds) -> list[dict]:
    """Times one pass at one shape in each precision; prints its lines."""
    side, channels, filters, kernel_size, stride = shape
    *functions, shapes = make(*shape)
    area = (side // stride) ** 2
    operations = 2 * area * kernel_size**2 * channels * filters * batch_size
    figures = []
    for dtype in DTYPES:
        inputs = [
            tf.cast(tf.random.stateless_normal((batch_size, *s), (0, 1)), dtype)
            for s in shapes
        ]
        theirs, ours = time_in_turns(functions, inputs, num_rounds)
        print(
            f"| {name} | {side}x{side}x{channels} | {filters} | {kernel_size} "
            f"| {stride} | {dtype.name} | {1e3 * theirs:.1f} "
            f"({operations / theirs / 1e9:.0f}) | {1e3 * ours:.1f} "
            f"({operations / ours / 1e9:.0f}) | {theirs / ours:.2f} |",
            flush=True,
        )
        figures.append(
            {
                "pass": name,
                "shape": shape,
                "dtype": dtype.name,
                "tensorflow_seconds": theirs,
                "project_seconds": ours,
            }
        )
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", metavar="F", help="write the figures here")
    parser.add_argument(
        "--smoke", action="store_true", help="tiny: does it still run?"
    )
    values = parser.parse_args()
    gradients, transposes = FILTER_GRADIENTS, TRANSPOSES
    batch_size, num_rounds = 128, 5
    if values.smoke:
        gradients = transposes = SMOKE_SHAPES
        batch_size, num_rounds = 2, 1
    print(f"{machine.describe()}; milliseconds (GFLOP/s), batch {batch_size}\n")
    print(
        "| pass | larger map | filters | kernel | stride | precision "
        "| TensorFlow | dcgan_tf | times faster |"
    )
    print("|---|---|--:|--:|--:|---|--:|--:|--:|")
    figures = []
    for name, make, shapes in (
        ("filter gradient", make_filter_gradients, gradients),
        ("transpose", make_transposes, transposes),
    ):
        for shape in shapes:
            figures += measure(name, make, shape, batch_size, num_rounds)
    if values.json:
        with open(values.json, "w") as file:
            record = {"machine": machine.describe(), "figures": figures}
            json.dump(record, file, indent=2)


if __name__ == "__main__":
    main()
