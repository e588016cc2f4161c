"""Times LiteRT's generators at batch 1 beside PyTorch's.

    python benchmarks/lite_generation.py [--json=F] [--smoke]

The exported `_batch1` files of each precision in LiteRT, and the same network
in float32 in PyTorch (channels-last, evaluation mode), from one latent to one
image in memory, on one and on two threads.
"""

import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path

import before_tensorflow  # noqa: F401
import command
import interleaved_timing
import machine

from dcgan_tf.config import ModelConfig

NETWORKS = ("64x64, base 128", "32x32, base 64")
NUM_THREADS = (1, 2)
PRECISIONS = ("float32", "float16", "dynamic_int8", "full_int8")
SMOKE_PRECISIONS = ("float32", "full_int8")
PYTORCH = "PyTorch, float32"


def write_files(
    config: ModelConfig, folder: Path, precisions: Sequence[str]
) -> dict[str, Path]:
    """Writes the files that an export has; returns them by precision."""
    from dcgan_tf.models.generator import build_generator
    from dcgan_tf.serving.lite import convert, descriptions

    network = descriptions.describe_generator(
        build_generator(config), config, 0
    )
    paths = {}
    for precision, contents in convert.convert(
        network, precisions, batch_size=1
    ).items():
        paths[precision] = folder / f"{precision}.tflite"
        paths[precision].write_bytes(contents)
    return paths


def measure(
    config: ModelConfig,
    paths: dict[str, Path],
    threads: int,
    num_rounds: int,
    round_seconds: float,
) -> dict[str, interleaved_timing.Timing]:
    """Times each peer's images in alternating rounds."""
    peers = {
        f"LiteRT, {precision}": (
            "lite_generator",
            {"path": str(path), "num_threads": threads},
        )
        for precision, path in paths.items()
    }
    arguments = {"batch_size": 1, "num_threads": threads}
    peers[PYTORCH] = (
        "pytorch_generator",
        {"model": dataclasses.asdict(config), **arguments},
    )
    return interleaved_timing.time_interleaved(peers, num_rounds, round_seconds)


def main() -> None:
    values = command.make_parser(__doc__, num_rounds=5).parse_args()
    networks = {name: command.NETWORKS[name] for name in NETWORKS}
    num_rounds, round_seconds = values.rounds, 0.5
    num_threads, precisions = NUM_THREADS, PRECISIONS
    if values.smoke:
        networks = command.SMOKE_NETWORKS
        num_rounds, round_seconds = 1, 0.0
        num_threads, precisions = NUM_THREADS[:1], SMOKE_PRECISIONS

    print(f"{machine.describe()}; {num_rounds} rounds.\n")
    print("| network | threads | generator | ms/image | spread | PyTorch is |")
    print("|---|--:|---|--:|--:|--:|")
    figures = []
    for network, config in networks.items():
        with tempfile.TemporaryDirectory() as folder:
            paths = write_files(config, Path(folder), precisions)
            for threads in num_threads:
                timings = measure(
                    config, paths, threads, num_rounds, round_seconds
                )
                figures += report(network, threads, timings)
    command.write_json(values.json, figures=figures)


def report(
    network: str, threads: int, timings: dict[str, interleaved_timing.Timing]
) -> list[dict]:
    """Prints rows of the table; returns their figures."""
    figures = []
    pytorch = timings.get(PYTORCH)
    for name, timing in timings.items():
        ratio = pytorch.median / timing.median if pytorch else None
        print(
            f"| {network} | {threads} | {name} | {1e3 * timing.median:.2f} "
            f"| {timing.spread:.0%} | {f'{ratio:.2f}x' if ratio else ''} |",
            flush=True,
        )
        figures.append(
            {
                "network": network,
                "threads": threads,
                "generator": name,
                "seconds_per_image": timing.median,
                "pytorch_ratio": ratio,
                **dataclasses.asdict(timing),
            }
        )
    return figures


if __name__ == "__main__":
    command.run(main)
