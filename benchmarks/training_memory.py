"""Measures how much more memory training takes on many images than on few.

    python benchmarks/training_memory.py [--json=F] [--smoke]
    python benchmarks/training_memory.py --accumulate=1,4,16

Folders of generated 64x64 PNG files, without a memory cache. Each training is
a process of its own, which reads the folder, fills the disk cache if it is to
have one, and trains a small network; its largest resident memory counts.

The second is about the step's own memory: a network on batches of
`--batch_size` images, each computed in so many parts (`--accumulate` of
`train.py`), beside what is imported and what is held before the first step.
"""

import dataclasses
import io
import os
import tempfile
from pathlib import Path

import command
import interleaved_timing
import machine
import numpy as np
from PIL import Image

COUNTS, SMOKE_COUNTS = (1_000, 200_000), (150, 300)
NUM_STEPS, SMOKE_STEPS = 200, 2
CACHES = ("disk", "off")
SIZE, SMOKE_SIZE = (64, 64), (16, 16)
_FILES_PER_FOLDER = 1_000


def write_images(folder: Path, count: int) -> None:
    """Writes PNG files, a thousand a folder, of a thousand images."""
    rng = np.random.default_rng(0)
    images = []
    for _ in range(min(count, _FILES_PER_FOLDER)):
        corners = rng.integers(0, 256, (2, 2, 3), np.uint8)
        contents = io.BytesIO()
        Image.fromarray(corners).resize(SIZE).save(contents, "PNG")
        images.append(contents.getvalue())
    for i in range(count):
        parent = folder / f"{i // _FILES_PER_FOLDER:04d}"
        parent.mkdir(parents=True, exist_ok=True)
        (parent / f"{i:07d}.png").write_bytes(images[i % len(images)])


def measure(
    image_dir: Path, cache: str, num_steps: int, image_size: tuple[int, int]
) -> int:
    """Trains in a process of its own; returns its peak memory in bytes."""
    arguments = {
        "image_dir": str(image_dir),
        "cache": cache,
        "image_size": image_size,
    }
    return _measure_peak("training_memory", arguments, num_steps)


def _measure_peak(module: str, arguments: dict, num_steps: int) -> int:
    worker = interleaved_timing.Worker(module, arguments)
    try:
        worker.find_missing()
        return worker.run(num_steps)["peak_bytes"]
    finally:
        worker.close()


def measure_parts(
    counts: list[int], network: str, batch_size: int, precision: str
) -> list[dict]:
    """Prints what a step takes whose batch is computed in parts."""
    networks = {**command.NETWORKS, **command.SMOKE_NETWORKS}
    figures = []
    print(
        f"{machine.describe()}; {network}, batch {batch_size}, {precision}.\n"
    )
    imported = _measure_peak("imported", {}, num_steps=0)
    print(
        "| parts | imported | networks and optimizers | a step takes | at most "
        "| s/step |"
    )
    print("|--:|--:|--:|--:|--:|--:|")
    for count in counts:
        arguments = {
            "model": dataclasses.asdict(networks[network]),
            "batch_size": batch_size,
            "precision": precision,
            "accumulate": count,
        }
        worker = interleaved_timing.Worker("project", arguments)
        try:
            worker.find_missing()
            before = worker.run(0)["peak_bytes"]
            worker.run(1)  # It is traced.
            answer = worker.run(1)
        finally:
            worker.close()
        peak = answer["peak_bytes"]
        sizes = (imported, before - imported, peak - before, peak)
        cells = [f"{size / 1e6:,.0f} MB" for size in sizes]
        print(
            f"| {count} | {' | '.join(cells)} | {answer['seconds']:.2f} |",
            flush=True,
        )
        figures.append(
            {
                "parts": count,
                "imported_bytes": imported,
                "built_bytes": before,
                "peak_bytes": peak,
            }
        )
    return figures


def main() -> None:
    parser = command.make_parser(__doc__)
    parser.add_argument(
        "--accumulate",
        metavar="N,...",
        type=command.wholes(1),
        help="parts of a step's batch",
    )
    parser.add_argument(
        "--network", choices=command.NETWORKS, default="64x64, base 64"
    )
    parser.add_argument("--batch_size", type=command.whole(1), default=512)
    parser.add_argument(
        "--precision", choices=command.PRECISIONS, default="mixed_bfloat16"
    )
    values = parser.parse_args()
    if values.accumulate:
        counts, network = values.accumulate, values.network
        batch_size = values.batch_size
        if values.smoke:
            (network,), batch_size = command.SMOKE_NETWORKS, 4
        for count in counts:
            if batch_size % count:
                parser.error(
                    f"argument --accumulate: {batch_size} images don't divide "
                    f"into {count} parts"
                )
        figures = measure_parts(counts, network, batch_size, values.precision)
        command.write_json(values.json, figures=figures)
        return
    counts, num_steps, caches, size = COUNTS, NUM_STEPS, CACHES, SIZE
    if values.smoke:
        counts, num_steps = SMOKE_COUNTS, SMOKE_STEPS
        caches, size = CACHES[:1], SMOKE_SIZE
    few, many = counts
    print(f"{machine.describe()}; {num_steps} steps of 128.\n")
    print(f"| cache | {few:,} images | {many:,} images | more |")
    print("|---|--:|--:|--:|")
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        for count in counts:
            write_images(Path(folder) / str(count), count)
        for cache in caches:
            peaks = [
                measure(Path(folder) / str(count), cache, num_steps, size)
                for count in counts
            ]
            megabytes = [peak / 1e6 for peak in peaks]
            print(
                f"| {cache} | {megabytes[0]:,.0f} MB | {megabytes[1]:,.0f} MB "
                f"| {megabytes[1] - megabytes[0]:+,.0f} MB |",
                flush=True,
            )
            figures.append({"cache": cache, "peak_bytes": peaks})
    command.write_json(values.json, figures=figures)


if __name__ == "__main__":
    command.run(main)
