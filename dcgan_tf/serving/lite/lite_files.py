"""Writes both networks as LiteRT files and checks each in LiteRT."""

import contextlib
import dataclasses
import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from dcgan_tf.config import ModelConfig
from dcgan_tf.evaluation.feature_extractors.feature_extractor import (
    compute_features,
)
from dcgan_tf.evaluation.feature_extractors.random import build_random_features
from dcgan_tf.evaluation.measures.frechet import compute_frechet_distance
from dcgan_tf.images import to_uint8
from dcgan_tf.serving import interface
from dcgan_tf.serving.lite import (
    checks,
    convert,
    integer_errors,
)
from dcgan_tf.serving.lite.descriptions import NUM_CHECKED, draw_latents

TABLE_FILE = "table.md"

# Any batch for processors and servers; a batch of 1 for phones' delegates
# and the browser. Integers gain there only.
_PRECISIONS = {None: ("float32", "float16"), 1: convert.PRECISIONS}
_INTEGERS = ("dynamic_int8", "full_int8")
_NUM_COMPARED = 256
_build_features = functools.cache(build_random_features)
# Distances of samples from two draws scatter by less than this.
_SPOILT = 1.5
_CHECK_SEED, _REFERENCE_SEED = (2, -1), (3, -1)


class LiteExportError(ValueError):
    """A file that must be exact is not."""


def save_lite_files(
    folder: Path, networks: Sequence[convert.Network], model: ModelConfig
) -> list[checks.LiteCheck]:
    """Converts, writes and checks all files, and writes their table.

    Args:
        folder: Made if need be.
        networks: From `describe_generator` and `describe_features`.
        model: Their shape.

    Returns:
        What was measured, a file each. Integer files over their bound are
        kept and have a `problem`.

    Raises:
        LiteExportError: If a float32 or float16 file fails its check.
        ImportError: If ai-edge-litert is not installed.
    """
    checks.import_interpreter()
    folder.mkdir(parents=True, exist_ok=True)
    lite_checks = []
    for network in networks:
        inputs = _take(network.examples(), convert.NUM_CALIBRATED, NUM_CHECKED)
        expected = _run(network, inputs)
        for batch_size, precisions in _PRECISIONS.items():
            files = convert.convert(network, precisions, batch_size)
            if "full_int8" in files and network.offsets:
                files["full_int8"] = _correct_outputs(
                    network, files["full_int8"], batch_size
                )
            for precision, contents in files.items():
                path = folder / file_name(network.name, precision, batch_size)
                path.write_bytes(contents)
                check = checks.check_file(path, precision, inputs, expected)
                if _is_spoilt(check, precision, network):
                    contents = integer_errors.keep_first_in_float(
                        contents, files["float32"]
                    )
                    path.write_bytes(contents)
                    check = checks.check_file(path, precision, inputs, expected)
                if precision in _INTEGERS and "images" in expected:
                    check = _compare_images(check, network, model)
                lite_checks.append(check)
                _check_exact(check, precision)
    (folder / TABLE_FILE).write_text(
        format_table(lite_checks), encoding="utf-8"
    )
    return lite_checks


def _is_spoilt(
    check: checks.LiteCheck, precision: str, network: convert.Network
) -> bool:
    """Whether float weights are worth their size, for a discriminator's file.

    A generator's first weights are its most, and its errors elsewhere.
    """
    is_features = network.name == interface.FEATURES
    return is_features and precision == "dynamic_int8" and bool(check.problem)


def _correct_outputs(
    network: convert.Network, contents: bytes, batch_size: int | None
) -> bytes:
    """Converts to integers once more, their mean error taken back."""
    inputs = _take(network.examples(), 0, convert.NUM_CALIBRATED)
    expected = _run(network, inputs)
    with contextlib.ExitStack() as stack:
        for name, offset in network.offsets.items():
            bias = integer_errors.measure_bias(
                contents, inputs, expected[name], name
            )
            stack.enter_context(integer_errors.corrected(offset, bias))
        files = convert.convert(network, ["full_int8"], batch_size)
    return files["full_int8"]


def _check_exact(check: checks.LiteCheck, precision: str) -> None:
    if check.problem and precision not in _INTEGERS:
        raise LiteExportError(
            f"{check.path.name} is not what it was converted from: "
            f"{check.problem}; nothing was exported"
        )


def file_name(name: str, precision: str, batch_size: int | None) -> str:
    """Returns a file's name, such as `generator_float32_batch1.tflite`."""
    suffix = "" if batch_size is None else f"_batch{batch_size}"
    return f"{name}_{precision}{suffix}.tflite"


def _take(rows, start: int, count: int) -> dict[str, np.ndarray]:
    """Stacks some of the rows, the last ones where there are fewer."""
    rows = list(rows)
    taken = rows[start : start + count] or rows[-count:]
    return {n: np.concatenate([row[n] for row in taken]) for n in taken[0]}


def _run(network: convert.Network, inputs: dict) -> dict[str, np.ndarray]:
    outputs = network.function(
        **{name: tf.constant(values) for name, values in inputs.items()}
    )
    return {name: value.numpy() for name, value in outputs.items()}


def _compare_images(
    check: checks.LiteCheck, network: convert.Network, model: ModelConfig
) -> checks.LiteCheck:
    """Adds how far a quantised generator's images are from the others.

    The Fréchet distance, in features of random convolutions, of its samples
    to float32 samples of other latents, over that of its latents' float32
    samples: 1 where quantisation does not show.
    """
    reference = _draw_inputs(_REFERENCE_SEED, model)
    own = _draw_inputs(_CHECK_SEED, model)
    lite = checks.LiteNetwork(check.path, num_threads=2)
    quantised = checks.run_rows(lite, own)["images"]
    extractor = _build_features((*model.image_size, model.channels))

    def extract(images):
        return compute_features(extractor, to_uint8(images).numpy()).features

    real = extract(_run(network, reference)["images"])
    exact = compute_frechet_distance(
        real, extract(_run(network, own)["images"])
    )
    given = compute_frechet_distance(real, extract(quantised))
    ratio = given / exact if exact else float("inf")
    problem = check.problem
    if ratio > _SPOILT and problem is None:
        problem = f"images: {ratio:.1f} times the Fréchet distance"
    return dataclasses.replace(check, frechet_ratio=ratio, problem=problem)


def _draw_inputs(seed: tuple, model: ModelConfig) -> dict[str, np.ndarray]:
    inputs = {"latents": draw_latents(seed, _NUM_COMPARED, model)}
    if model.num_classes:
        labels = np.arange(_NUM_COMPARED) % model.num_classes
        inputs["labels"] = labels.astype(np.int32)
    return inputs


def format_table(lite_checks: Sequence[checks.LiteCheck]) -> str:
    """Returns a Markdown table."""
    lines = [
        "| file | bytes | largest error | mean error | PSNR | "
        "ms/image, 1 thread | 2 threads | Fréchet | |",
        "|---|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    for check in lite_checks:
        ratio = check.frechet_ratio
        cells = [
            check.path.name,
            f"{check.num_bytes:,}",
            f"{check.largest_error:.1e}",
            f"{check.mean_error:.1e}",
            f"{check.psnr:.1f} dB",
            *(f"{check.milliseconds[threads]:.2f}" for threads in (1, 2)),
            "" if ratio is None else f"x {ratio:.2f}",
            check.problem or "ok",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    note = (
        "Errors are over the output's range, beside float32 in TensorFlow. "
        "Fréchet: distance of samples to the float32 generator's, over that "
        "of its own; 1 where quantisation does not show."
    )
    return "\n".join([*lines, "", note, ""])
