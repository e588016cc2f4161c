"""Times the convolution passes that this project writes its own ways.

    python benchmarks/convolutions.py [--json=F] [--smoke]

Over a batch of 128, TensorFlow's beside those of `dcgan_tf/kernels/`, which
are taken only where this shows them to be faster.
"""

import statistics
import time

import before_tensorflow  # noqa: F401
import command
import machine
import tensorflow as tf

from dcgan_tf.kernels import convolutions, im2col, subpixel

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
SMALLEST = [shape for shape in FILTER_GRADIENTS if shape[0] == 8]
IMAGES = [(64, 3, 64, 5, 2), (64, 3, 128, 5, 2), (32, 1, 64, 5, 2)]
SMOKE_SHAPES = [(8, 3, 8, 5, 2)]
DTYPES = (tf.float32, tf.bfloat16)


def make_filter_gradients(kernel_shape, stride):
    """Returns the ways to compute it, TensorFlow's first."""

    def run_tensorflow(large, small):
        return tf.raw_ops.Conv2DBackpropFilter(
            input=large,
            filter_sizes=kernel_shape,
            out_backprop=small,
            strides=[1, stride, stride, 1],
            padding="SAME",
        )

    def run_batch(large, small):
        return convolutions.compute_filter_gradient_over_batch(
            large, small, kernel_shape, stride
        )

    def run_im2col(large, small):
        return im2col.compute_filter_gradient(
            large, small, kernel_shape, stride
        )

    return {
        "TensorFlow": run_tensorflow,
        "over the batch": run_batch,
        "im2col": run_im2col,
    }


def make_forward(kernel_shape, stride):
    """As `make_filter_gradients`, for the convolution itself."""
    kernel = draw(kernel_shape)
    return {
        "TensorFlow": lambda large, small: tf.nn.conv2d(
            large, tf.cast(kernel, large.dtype), stride, "SAME"
        ),
        "im2col": lambda large, small: im2col.convolve(
            large, tf.cast(kernel, large.dtype), stride
        ),
    }


def make_transposes(kernel_shape, stride):
    """As `make_filter_gradients`, for the transposed convolution."""
    kernel = draw(kernel_shape)

    def run_tensorflow(large, small):
        return tf.nn.conv2d_transpose(
            small, tf.cast(kernel, small.dtype), large.shape, stride, "SAME"
        )

    ways = {"TensorFlow": run_tensorflow}
    for name, transpose in (
        ("im2col", im2col.convolve_transpose),
        ("subpixels", subpixel.convolve_transpose),
    ):
        ways[name] = lambda large, small, transpose=transpose: transpose(
            small, tf.cast(kernel, small.dtype), stride
        )
    return ways


# Name -> its ways, the shapes to time.
PASSES = {
    "filter gradient": (make_filter_gradients, FILTER_GRADIENTS),
    "forward": (make_forward, SMALLEST),
    "transpose": (make_transposes, SMALLEST + IMAGES),
}


def draw(shape, dtype=tf.float32):
    return tf.cast(tf.random.stateless_normal(shape, (0, 1)), dtype)


def time_interleaved(functions, inputs, num_rounds: int) -> list[float]:
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
    ways = make(
        tf.TensorShape((kernel_size, kernel_size, channels, filters)), stride
    )
    small_side = side // stride
    operations = (
        2 * small_side**2 * kernel_size**2 * channels * filters * batch_size
    )
    figures = []
    for dtype in DTYPES:
        inputs = [
            draw((batch_size, side, side, channels), dtype),
            draw((batch_size, small_side, small_side, filters), dtype),
        ]
        seconds = time_interleaved(ways.values(), inputs, num_rounds)
        for way, time_taken in zip(ways, seconds, strict=True):
            print(
                f"| {name} | {side}x{side}x{channels} | {filters} "
                f"| {kernel_size} | {stride} | {dtype.name} | {way} "
                f"| {1e3 * time_taken:.1f} "
                f"| {operations / time_taken / 1e9:,.0f} "
                f"| {seconds[0] / time_taken:.2f}x |",
                flush=True,
            )
            figures.append(
                {
                    "pass": name,
                    "way": way,
                    "shape": shape,
                    "dtype": dtype.name,
                    "seconds": time_taken,
                }
            )
    return figures


def main() -> None:
    parser = command.make_parser(__doc__)
    values = parser.parse_args()
    batch_size, num_rounds = 128, 5
    if values.smoke:
        batch_size, num_rounds = 2, 1
    print(f"{machine.describe()}; batch {batch_size}\n")
    print(
        "| pass | larger map | filters | kernel | stride | precision | way "
        "| ms | GFLOP/s | times TensorFlow's |"
    )
    print("|---|---|--:|--:|--:|---|---|--:|--:|--:|")
    figures = []
    for name, (make, shapes) in PASSES.items():
        for shape in SMOKE_SHAPES if values.smoke else shapes:
            figures += measure(name, make, shape, batch_size, num_rounds)
    command.write_json(values.json, figures=figures)


if __name__ == "__main__":
    command.run(main)
