"""Checks LiteRT files against the networks they were converted from."""

import contextlib
import dataclasses
import os
import statistics
import time
from pathlib import Path

import numpy as np

from dcgan_tf import tf_paths
from dcgan_tf.images import MAX_UNIT_VALUE
from dcgan_tf.serving.lite import convert

# Largest error over the output's range, or its largest value where that is
# more; for integers the mean error.
LARGEST_ERRORS = {"float32": 1e-5, "float16": 5e-3}
MEAN_ERROR = 0.02
# The same of images whatever their range is, for theirs may be [-1, 1]: a
# 400th of a grey level. Near mid-grey all that is left of sums is rounding.
_EXACT_IMAGES = 2 * LARGEST_ERRORS["float32"]
_MIN_STDDEV = 1e-4  # Of the output's range: less is a blank image.
_NUM_TIMED = 15


class LiteNetwork:
    """A LiteRT file's network, from and to float32 whatever it computes in.

    Args:
        path: The file.
        num_threads: Of the processor.

    Raises:
        ImportError: If ai-edge-litert is not installed.
    """

    def __init__(self, path: str | os.PathLike, num_threads: int = 1):
        path = Path(path)
        with tf_paths.plain_dir(path.parent) as folder:
            self._interpreter = import_interpreter()(
                os.fspath(folder / path.name), num_threads=num_threads
            )
        self._runner = self._interpreter.get_signature_runner()
        self._num_classes = None
        if "labels" in self._runner.get_input_details():
            # A file of another program says nothing of classes.
            with contextlib.suppress(ValueError):
                self._num_classes = convert.load_metadata(path)["num_classes"]

    def run(self, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Runs one batch of the size that the file takes.

        Args:
            **inputs: By name, float32 but for labels, which are int32.

        Returns:
            Outputs by name, float32.

        Raises:
            ValueError: If an input is missing, is none of the network's, or
                has another shape or kind of numbers, or images are not in
                [-1, 1], other numbers not finite or labels no classes.
        """
        details = self._runner.get_input_details()
        self._check_inputs(inputs)
        outputs = self._runner(
            **{
                name: _quantise(value, details[name])
                for name, value in inputs.items()
            }
        )
        details = self._runner.get_output_details()
        return {
            name: _dequantise(value, details[name])
            for name, value in outputs.items()
        }

    @property
    def input_shapes(self) -> dict[str, tuple[int, ...]]:
        """By name; -1 where any size does."""
        details = self._runner.get_input_details()
        return {
            name: tuple(int(side) for side in detail["shape_signature"])
            for name, detail in details.items()
        }

    def check_rows(self, inputs: dict[str, np.ndarray]) -> int:
        """Checks inputs of any number of rows, whatever size the file takes.

        Returns:
            How many rows there are.

        Raises:
            ValueError: As `run` does, but for the batch's size.
        """
        return self._check_inputs(inputs, any_batch=True)

    def _check_inputs(
        self, inputs: dict[str, np.ndarray], any_batch: bool = False
    ) -> int:
        details = self._runner.get_input_details()
        if set(inputs) != set(details):
            raise ValueError(
                f"inputs are {', '.join(sorted(inputs)) or 'none'}; the "
                f"network takes {', '.join(sorted(details))}"
            )
        counts = set()
        for name, values in inputs.items():
            values = np.asarray(values)
            shape = tuple(map(int, details[name]["shape_signature"]))
            if any_batch:
                shape = (-1, *shape[1:])
            _check_shape(name, values, shape)
            _check_values(name, values, details[name], self._num_classes)
            counts.add(len(values))
        if len(counts) > 1:
            raise ValueError(f"{' and '.join(inputs)} differ in their batch")
        return counts.pop()


def _check_shape(name: str, values: np.ndarray, shape: tuple) -> None:
    is_fitting = len(values.shape) == len(shape) and all(
        side == -1 or side == given
        for side, given in zip(shape, values.shape, strict=True)
    )
    if not is_fitting or not values.size:
        wanted = ", ".join("batch" if s == -1 else str(s) for s in shape)
        rows = "with one or more rows"
        if shape[0] != -1:
            rows = "one row at a time"
        raise ValueError(
            f"{name} have the shape {values.shape}; use ({wanted}), {rows}"
        )


def _check_values(
    name: str, values: np.ndarray, detail: dict, num_classes: int | None
) -> None:
    """Refuses what a file would answer too, with some number or none."""
    is_label = detail["dtype"] == np.int32
    if values.dtype.kind not in ("iu" if is_label else "f"):
        kind = "int32" if is_label else "float32"
        raise ValueError(f"{name} are {values.dtype}; use {kind}")
    low, high = values.min(), values.max()
    if is_label:
        last = np.inf if num_classes is None else num_classes - 1
        if low < 0 or high > last:
            wanted = "0 or more" if num_classes is None else f"from 0 to {last}"
            raise ValueError(
                f"{name} must be {wanted}; they are from {low} to {high}"
            )
        return
    largest = max(abs(low), abs(high))  # Not a number where any is none.
    if name == "images" and largest > MAX_UNIT_VALUE:
        raise ValueError(
            "images must be in [-1, 1] (bytes / 127.5 - 1); the largest "
            f"absolute value is {largest:g}"
        )
    if not largest <= np.finfo(np.float32).max:
        with np.errstate(over="ignore"):
            num_bad = np.count_nonzero(~np.isfinite(np.float32(values)))
        raise ValueError(
            f"{name} must be finite in float32; {num_bad} of "
            f"{values.size} numbers are not"
        )


def import_interpreter():
    """Returns LiteRT's interpreter class.

    Raises:
        ImportError: If ai-edge-litert is not installed.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise ImportError(
            "LiteRT files are checked with ai-edge-litert, which is not "
            "installed: pip install 'dcgan_tf[lite]'"
        ) from error
    return Interpreter


def _quantise(values: np.ndarray, detail: dict) -> np.ndarray:
    if detail["dtype"] != np.int8:  # float32, or labels' int32.
        return np.asarray(values, detail["dtype"])
    scale, zero = detail["quantization"]
    levels = np.round(values / scale + zero)
    return np.clip(levels, -128, 127).astype(np.int8)


def _dequantise(levels: np.ndarray, detail: dict) -> np.ndarray:
    if detail["dtype"] != np.int8:
        return levels
    scale, zero = detail["quantization"]
    return (levels.astype(np.float32) - zero) * scale


@dataclasses.dataclass(frozen=True)
class LiteCheck:
    """How a file compares with its network.

    Attributes:
        path: The file.
        num_bytes: Its size.
        largest_error: Over the output's range; the worst output's.
        mean_error: Over the output's range; the worst output's.
        psnr: Peak signal to noise in decibels; the worst output's.
        milliseconds: An image at batch 1, by number of threads.
        problem: What is wrong, or None.
        frechet_ratio: What quantisation does to a generator's images, 1
            being nothing; None where it wasn't measured.
    """

    path: Path
    num_bytes: int
    largest_error: float
    mean_error: float
    psnr: float
    milliseconds: dict[int, float]
    problem: str | None
    frechet_ratio: float | None = None


def check_file(
    path: Path,
    precision: str,
    inputs: dict[str, np.ndarray],
    expected: dict[str, np.ndarray],
) -> LiteCheck:
    """Runs a file on some inputs and measures it.

    Args:
        path: The file, of batch size 1 or any.
        precision: What it was converted to.
        inputs: By name, `(count, ...)`.
        expected: The float32 network's outputs for them, by name.

    Returns:
        What was measured, and what is wrong with it.
    """
    network = LiteNetwork(path)
    outputs = run_rows(network, inputs)
    errors = {
        name: _compare(outputs.get(name), values)
        for name, values in expected.items()
    }
    worst = max(errors.values(), key=lambda error: error.largest)
    first = {name: values[:1] for name, values in inputs.items()}
    return LiteCheck(
        path,
        path.stat().st_size,
        worst.largest,
        max(error.mean for error in errors.values()),
        min(error.psnr for error in errors.values()),
        {
            threads: _time(LiteNetwork(path, threads), first)
            for threads in (1, 2)
        },
        _find_problem(precision, errors),
    )


def run_rows(
    network: LiteNetwork, inputs: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Runs a network on many rows: at once, or one by one if it must.

    Raises:
        ValueError: If the network doesn't take the inputs.
    """
    count = network.check_rows(inputs)
    batch_sizes = {shape[0] for shape in network.input_shapes.values()}
    if batch_sizes == {-1}:
        return network.run(**inputs)
    rows = [
        network.run(**{name: v[i : i + 1] for name, v in inputs.items()})
        for i in range(count)
    ]
    return {n: np.concatenate([row[n] for row in rows]) for n in rows[0]}


@dataclasses.dataclass(frozen=True)
class _Error:
    largest: float
    mean: float
    psnr: float
    problem: str | None = None
    absolute: float = np.inf  # The largest, not over any range.


def _compare(given: np.ndarray | None, expected: np.ndarray) -> _Error:
    if given is None or given.shape != expected.shape:
        shape = None if given is None else given.shape
        problem = f"its shape is {shape} instead of {expected.shape}"
        return _Error(np.inf, np.inf, -np.inf, problem)
    if not np.isfinite(given).all():
        return _Error(np.inf, np.inf, -np.inf, "it is not finite")
    value_range = np.ptp(expected)
    # Outputs may hardly vary around some number, which is rounded by its own
    # size; a collapsed network's may all be 0.
    scale = max(value_range, np.abs(expected).max()) or 1.0
    absolute = np.abs(given - expected)
    errors = absolute / scale
    problem = None
    if np.std(given) < _MIN_STDDEV * value_range:
        problem = "it is the same everywhere"
    with np.errstate(divide="ignore"):
        psnr = float(-10 * np.log10(np.mean(errors**2)))
    return _Error(
        float(errors.max()),
        float(errors.mean()),
        psnr,
        problem,
        float(absolute.max()),
    )


def _find_problem(precision: str, errors: dict[str, _Error]) -> str | None:
    for name, error in errors.items():
        if error.problem:
            return f"{name}: {error.problem}"
        if name == "images" and error.absolute <= _EXACT_IMAGES:
            continue
        bound = LARGEST_ERRORS.get(precision)
        if bound is not None and error.largest > bound:
            return f"{name}: largest error {error.largest:.1e} > {bound:.0e}"
        if bound is None and error.mean > MEAN_ERROR:
            return f"{name}: mean error {error.mean:.3f} > {MEAN_ERROR}"
    return None


def _time(network: LiteNetwork, inputs: dict) -> float:
    """Returns the median of some runs, in milliseconds."""
    network.run(**inputs)
    seconds = []
    for _ in range(_NUM_TIMED):
        start = time.perf_counter()
        network.run(**inputs)
        seconds.append(time.perf_counter() - start)
    return 1000 * statistics.median(seconds)
