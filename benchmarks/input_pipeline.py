"""Times the images that each source delivers, beside what training consumes.

    python benchmarks/input_pipeline.py [--json=F] [--smoke]

First the project's input pipeline alone, from files on disk and from its two
caches; then training through the loop's own iterator and step, alternating with
the same step on a batch that lies ready: how long it waits for batches, and
how much slower it is, since decoding takes the step's cores too.
"""

import dataclasses
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

# A benchmark of processors.
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import before_tensorflow  # noqa: E402, F401
import command  # noqa: E402
import image_files  # noqa: E402
import machine  # noqa: E402

from dcgan_tf.config import RunConfig  # noqa: E402
from dcgan_tf.data.open_source import load_source  # noqa: E402
from dcgan_tf.kernels.precision import resolve_precision  # noqa: E402
from dcgan_tf.presets import resolve_run_config  # noqa: E402
from dcgan_tf.training.batches import BatchFeed, distribute_data  # noqa: E402
from dcgan_tf.training.distribution.strategy import build_strategy  # noqa: E402
from dcgan_tf.training.state import build_training_state  # noqa: E402
from dcgan_tf.training.step import GradientTapeStep  # noqa: E402

NUM_IMAGES, SMOKE_IMAGES = 2_000, 32
ROUND_SECONDS = 2.0
WARM_UP_STEPS = 3

JPEG, PNG = "JPEG files, 178x218, 108 cut to 64", "PNG files, 64x64"
RECORDS = "TFDS records, 178x218, 108 cut to 64"
MEMORY, DISK = "memory cache, 64x64", "disk cache, 64x64"
FLIPPED = "memory cache, 64x64, --flip"
SMALL, DIGITS = "memory cache, 32x32", "memory cache, the digits"

BASE_64 = {"base_filters": 64}
SMOKE_NET = {"image_size": (16, 16), "base_filters": 4}
# Which network trains on which sources; what isn't said is the default.
TRAININGS = {
    "64x64, base 64": (BASE_64, (MEMORY, DISK, RECORDS, JPEG)),
    "64x64, base 128 (paper_64)": ({}, (MEMORY,)),
    "32x32, base 64 (svhn_32)": ({}, (SMALL,)),
    "32x32, base 128 (imagenet_32)": ({"preset": "imagenet_32"}, (SMALL,)),
    "the digits' default, batch 32": ({}, (DIGITS,)),
    "the same, 6 steps a call": ({"steps_per_call": 6}, (DIGITS,)),
}
SMOKE_TRAININGS = {
    "16x16, base 4": (SMOKE_NET, (JPEG,)),
    "the digits, base 4": ({**SMOKE_NET, "steps_per_call": 2}, (DIGITS,)),
}


@dataclasses.dataclass(frozen=True)
class Training:
    """Steps through the loop's iterator beside steps on one batch.

    Attributes:
        network: Its name.
        source: Its name.
        images_per_second: Of the median round.
        ready_images_per_second: The same on a batch that lies ready.
        idle_fraction: Of the wall time, spent waiting for batches.
    """

    network: str
    source: str
    images_per_second: float
    ready_images_per_second: float
    idle_fraction: float

    @property
    def slowdown(self) -> float:
        return 1 - self.images_per_second / self.ready_images_per_second


def write_sources(folder: Path, count: int) -> dict[str, dict]:
    """Writes every source's files; returns the settings that read them."""
    size = image_files.write_folder(
        folder / "jpeg", count, image_files.CELEBA_SIZE, "JPEG"
    )
    print(f"{count:,} images; a JPEG file has {size:,} bytes.\n")
    image_files.write_folder(folder / "png", count, (64, 64), "PNG")
    image_files.write_records(folder / "tfds", folder / "jpeg")
    jpeg = {"image_dir": str(folder / "jpeg"), "crop": 108, "cache": "off"}
    png = {"image_dir": str(folder / "png"), "cache": "off"}
    small = {"image_size": (32, 32), "preset": "svhn_32"}
    return {
        JPEG: jpeg,
        PNG: png,
        RECORDS: {
            "dataset": image_files.RECORDS_NAME,
            "data_dir": str(folder / "tfds"),
            "crop": 108,
            "cache": "off",
        },
        DISK: {**png, "cache": "disk"},
        MEMORY: {**png, "cache": "memory"},
        FLIPPED: {**png, "cache": "memory", "flip": True},
        SMALL: {**png, **small, "cache": "memory"},
        DIGITS: {"cache": "memory"},
    }


def iterate(config: RunConfig, strategy) -> Iterator:
    """Iterates over a run's data as its training loop does."""
    source = load_source(config.data)
    return iter(distribute_data(config, source, strategy, start_step=0))


def measure_rates(
    configs: dict[str, RunConfig], num_rounds: int, round_seconds: float
) -> dict[str, tuple[float, float]]:
    """Returns each source's median images per second, and the spread.

    One source after another: an idle one would still fill its buffers.
    """
    strategy = build_strategy("one_device")
    rates = {}
    for name, config in configs.items():
        batches = iterate(config, strategy)
        rounds = [
            config.training.batch_size
            * count_steps(lambda: next(batches), round_seconds)  # noqa: B023
            for _ in range(1 + num_rounds)
        ][1:]
        median = statistics.median(rounds)
        rates[name] = median, (max(rounds) - min(rounds)) / median
    return rates


def count_steps(step: Callable[[], object], seconds: float) -> float:
    """Runs steps for some seconds, one at least; returns how many a second."""
    start = time.perf_counter()
    for count in itertools.count(1):
        step()
        elapsed = time.perf_counter() - start
        if elapsed >= seconds:
            return count / elapsed


def measure_training(
    network: str,
    configs: dict[str, RunConfig],
    num_rounds: int,
    round_seconds: float,
) -> list[Training]:
    """Trains one network on several sources."""
    strategy = build_strategy("one_device")
    rows = []
    for name, config in configs.items():
        precision = resolve_precision("auto", num_replicas=1)
        with strategy.scope():
            state = build_training_state(config, precision)
        step = GradientTapeStep(state, config, strategy)
        ready = next(iterate(config, strategy))
        steps_per_call = config.training.steps_per_call or 1
        source = load_source(config.data)
        feed = BatchFeed(config, source, strategy, 0, steps_per_call)
        waited = 0.0

        def train_on_next():
            nonlocal waited
            start = time.perf_counter()
            feed.fetch()  # noqa: B023
            waited += time.perf_counter() - start
            feed.train(step, feed.num_ready)  # noqa: B023

        def train_on_ready():
            step.train_step(ready)  # noqa: B023

        for _ in range(WARM_UP_STEPS):
            train_on_next()
        fed_rates, ready_rates, idle_fractions = [], [], []
        for _ in range(num_rounds):
            ready_rates.append(count_steps(train_on_ready, round_seconds))
            train_on_next()  # The buffer was full: nobody took from it.
            waited, start = 0.0, time.perf_counter()
            calls = count_steps(train_on_next, round_seconds)
            fed_rates.append(steps_per_call * calls)
            idle_fractions.append(waited / (time.perf_counter() - start))
        batch_size = config.training.batch_size
        rows.append(
            Training(
                network,
                name,
                batch_size * statistics.median(fed_rates),
                batch_size * statistics.median(ready_rates),
                statistics.median(idle_fractions),
            )
        )
    return rows


def print_rates(rates: dict[str, tuple[float, float]]) -> None:
    print("| source | images/s | spread |")
    print("|---|--:|--:|")
    for name, (rate, spread) in rates.items():
        print(f"| {name} | {rate:,.0f} | {spread:.0%} |")


def print_trainings(rows: list[Training]) -> None:
    print(
        "\n| network | source | images/s | on a batch that lies ready ", end=""
    )
    print("| slower by | idle |\n|---|---|--:|--:|--:|--:|")
    for row in rows:
        print(
            f"| {row.network} | {row.source} | {row.images_per_second:,.0f} "
            f"| {row.ready_images_per_second:,.0f} | {row.slowdown:.1%} "
            f"| {row.idle_fraction:.2%} |",
            flush=True,
        )


def main() -> None:
    parser = command.make_parser(__doc__, num_rounds=3)
    parser.add_argument(
        "--networks",
        type=command.names_of(TRAININGS),
        default=";".join(TRAININGS),
        help=f"some of {'; '.join(TRAININGS)}, with semicolons between",
    )
    parser.add_argument(
        "--skip_rates", action="store_true", help="training alone"
    )
    values = parser.parse_args()
    count, seconds, rounds = NUM_IMAGES, ROUND_SECONDS, values.rounds
    trainings = {name: TRAININGS[name] for name in values.networks}
    if values.smoke:
        count, seconds, rounds = SMOKE_IMAGES, 0.0, 1
        trainings = SMOKE_TRAININGS
    batch = {"batch_size": 8} if values.smoke else {}
    print(f"{machine.describe()}; {rounds} rounds. ", end="")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        settings = write_sources(Path(folder), count)
        rates = {}
        if not values.skip_rates:
            configs = {
                name: resolve_run_config({**setting, **batch})
                for name, setting in settings.items()
            }
            rates = measure_rates(configs, rounds, seconds)
            print_rates(rates)
        rows = []
        for network, (sizes, sources) in trainings.items():
            configs = {
                name: resolve_run_config({**settings[name], **sizes, **batch})
                for name in sources
            }
            rows += measure_training(network, configs, rounds, seconds)
        print_trainings(rows)
    command.write_json(
        values.json,
        rates={name: rate for name, (rate, _) in rates.items()},
        trainings=[dataclasses.asdict(row) for row in rows],
    )


if __name__ == "__main__":
    command.run(main)
