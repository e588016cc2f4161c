"""Trains the families of networks on the same images for the same time.

    python benchmarks/families.py [--minutes=5] [--seeds=0,1,2] [--json=F]
    python benchmarks/families.py --image_dir=DIR --minutes=45 --seeds=0
    python benchmarks/families.py --smoke

Each is trained by the command, as a user would, by its own paper's recipe,
and the older ones again with Adam at the rate of DCGAN's paper, where their
own schedules are for hours. Clocks run from the first line of metrics on. All
are measured where time is up, and again at the checkpoint nearest to the number
of images that the slowest has seen. A grid shows all under each other.

A minute is one of all cores' time that the training itself took, so that
other work on the machine doesn't shorten anybody's; `--clock=wall` counts
minutes on the wall. A comparison that was stopped goes on with the same
command: what is trained and measured is kept in `--work_dir`.
"""

import dataclasses
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import before_tensorflow  # noqa: F401
import command
import machine
import numpy as np

from dcgan_tf.evaluation.evaluate import evaluate
from dcgan_tf.evaluation.settings import Settings
from dcgan_tf.images import make_grid, save_png
from dcgan_tf.models.networks import build_networks
from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.trained_model import (
    TrainedModel,
    load_trained_model,
)

ROOT = Path(__file__).resolve().parents[1]
MEASURES = ("frechet", "precision_recall", "coverage")
# From the measures' names to the table's.
COLUMNS = {
    "frechet": "distance",
    "precision": "precision",
    "recall": "recall",
    "confident_fraction": "confident",
    "smallest_class_fraction": "rarest class",
}
NUM_TIMED, SMOKE_TIMED = 1_000, 128
EXIT_INTERRUPTED = 75


@dataclasses.dataclass(frozen=True)
class Contestant:
    """A family by one recipe.

    Attributes:
        name: In the table.
        flags: Of `train`.
        smoke_flags: The same, tiny.
        is_slow: Whether `--lapgan_factor` lengthens its training.
    """

    name: str
    flags: tuple[str, ...]
    smoke_flags: tuple[str, ...]
    is_slow: bool = False


_ADAM = ("--optimizer=adam",)
_LAPGAN = ("--family=lapgan", "--base_filters=32")
_TINY_LAPGAN = ("--base_filters=2", "--hidden_units=10")
CONTESTANTS = (
    Contestant("dcgan", (), ("--base_filters=4",)),
    Contestant("gan", ("--family=gan",), ("--hidden_units=10",)),
    Contestant("gan, Adam", ("--family=gan", *_ADAM), ("--hidden_units=10",)),
    # Narrower than the paper's 128 filters, and for longer.
    Contestant("lapgan, 32 filters", _LAPGAN, _TINY_LAPGAN, True),
    Contestant(
        "lapgan, 32 filters, Adam", (*_LAPGAN, *_ADAM), _TINY_LAPGAN, True
    ),
)


class Stopped(Exception):
    """The comparison was told to stop."""


class Timing:
    """How long a run was trained for, kept in its folder.

    Attributes:
        seconds: From each start's first line of metrics on.
        images: That were seen in this time.
    """

    def __init__(self, run_dir: Path):
        self._path = run_dir / "timing.json"
        self.seconds, self.images = 0.0, 0
        if self._path.exists():
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            self.seconds, self.images = kept["seconds"], kept["images"]

    def add(self, seconds: float, images: int) -> None:
        self.seconds += seconds
        self.images += images
        kept = {"seconds": self.seconds, "images": self.images}
        self._path.write_text(json.dumps(kept), encoding="utf-8")


def read_clock(process: subprocess.Popen, clock: str) -> float:
    """Returns seconds: on the wall, or that all cores worked for a process."""
    if clock == "wall":
        return time.monotonic()
    stat = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8")
    # Of the fields behind the name, these two count ticks of its threads.
    user, system = stat.rpartition(")")[2].split()[11:13]
    ticks = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return ticks / len(os.sched_getaffinity(0))


def train(contestant: Contestant, run_dir: Path, values, seed: int) -> float:
    """Trains until time is up; returns images a second."""
    timing = Timing(run_dir)
    factor = values.lapgan_factor if contestant.is_slow else 1
    limit = 60 * values.minutes * factor
    if not timing.images or timing.seconds < limit:
        _train_for(limit - timing.seconds, contestant, run_dir, values, seed)
        timing = Timing(run_dir)
    return timing.images / timing.seconds


def _train_for(
    limit: float, contestant: Contestant, run_dir: Path, values, seed: int
) -> None:
    arguments = [
        sys.executable, "-u", str(ROOT / "train.py"),
        *list_flags(contestant, values), *_list_data_flags(values),
        f"--run_dir={run_dir}", f"--seed={seed}", "--keep_checkpoints=100",
        f"--checkpoint_every={values.every}",
    ]  # fmt: skip
    if values.smoke:
        arguments += [*contestant.smoke_flags, "--image_size=16"]
        arguments += ["--steps=4", "--report_every=1", "--sample_every=4"]
    else:
        # More than there is time for; all of its files must fit on the disk.
        arguments += ["--steps=1000000", "--sample_every=10000"]
        arguments += ["--report_every=10"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    start, first_step, seconds = None, 0, 0.0
    is_ending = False
    try:
        for line in process.stdout:
            if not line.startswith("step "):
                continue
            now = read_clock(process, values.clock)
            if start is None:
                start = now
                first_step = int(line.split()[1].partition("/")[0])
            seconds = now - start
            if seconds > limit:
                break
        else:
            is_ending = True
    finally:
        if not is_ending:
            process.send_signal(signal.SIGTERM)
        process.stdout.read()
        code = process.wait()
        if start is not None and code in (0, EXIT_INTERRUPTED):
            timed = count_images(run_dir) - count_images(run_dir, first_step)
            Timing(run_dir).add(seconds, timed)
    if code not in (0, EXIT_INTERRUPTED):
        raise ChildProcessError(f"{' '.join(arguments)} failed")


def _list_data_flags(values) -> list[str]:
    names = ("dataset", "image_dir", "data_dir", "image_size")
    given = {name: getattr(values, name) for name in names}
    return [f"--{name}={value}" for name, value in given.items() if value]


def list_flags(contestant: Contestant, values) -> list[str]:
    """Returns a family's flags of `train`, and the preset of the dcgan."""
    flags = [*contestant.flags]
    if values.preset and not flags:
        flags.append(f"--preset={values.preset}")
    return flags


def count_images(run_dir: Path, step: int | None = None) -> int:
    """Returns how many images a run has seen at a step, or at its last."""
    step = checkpoints.list_steps(run_dir)[-1] if step is None else step
    return step * _load_batch_size(run_dir)


def _load_batch_size(run_dir: Path) -> int:
    text = (run_dir / "config.json").read_text(encoding="utf-8")
    return json.loads(text)["training"]["batch_size"]


def find_step(run_dir: Path, num_images: int) -> int:
    """Returns the checkpoint nearest to a number of images."""
    return min(
        checkpoints.list_steps(run_dir),
        key=lambda step: abs(count_images(run_dir, step) - num_images),
    )


def load_or_measure(run_dir: Path, step: int, is_smoke: bool) -> dict:
    """Returns a step's figures, kept from before if they were taken."""
    path = run_dir / f"measured-{step}.json"
    if not path.exists():
        figures = measure(run_dir, step, is_smoke)
        path.write_text(json.dumps(figures), encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


def measure(run_dir: Path, step: int, is_smoke: bool) -> dict:
    """Measures a run's samples at a step."""
    model = load_trained_model(run_dir, str(step))
    settings = Settings(
        measures=MEASURES[:1] if is_smoke else MEASURES,
        feature_extractor="random" if is_smoke else "auto",
        num_samples=16 if is_smoke else 2_000,
    )
    result = evaluate(model, settings, run_dir / "evaluation")
    samples = result["measures"]["samples"]
    return {
        "step": step,
        "images": count_images(run_dir, step),
        **{key: samples.get(key) for key in COLUMNS},
    }


def time_samples(model: TrainedModel, is_smoke: bool) -> float:
    """Returns the seconds that 1,000 samples take, once traced."""
    model.sample_images(128)
    start = time.perf_counter()
    model.sample_images(SMOKE_TIMED if is_smoke else NUM_TIMED)
    return time.perf_counter() - start


def describe(run_dir: Path, is_smoke: bool) -> dict:
    """Returns what doesn't depend on training."""
    model = load_trained_model(run_dir)
    networks = build_networks(model.config.model)
    return {
        "parameters": sum(x.count_params() for x in networks),
        "seconds_for_1000": time_samples(model, is_smoke),
    }


def draw_grid(path: Path, run_dirs: Sequence[Path]) -> None:
    """Draws sixteen samples of each run, a run below the other."""
    rows = [load_trained_model(x).sample_images(16) for x in run_dirs]
    save_png(path, make_grid(np.concatenate(rows), 16))


def format_table(runs: Sequence[dict], point: str) -> str:
    """Formats means over seeds at `end` or at `equal_images`."""
    heads = [
        "family", "seeds", "images seen", *COLUMNS.values(), "images/s",
        "parameters", "s for 1,000",
    ]  # fmt: skip
    lines = [
        f"| {' | '.join(heads)} |",
        f"|---{'|--:' * (len(heads) - 1)}|",
    ]
    for name in dict.fromkeys(run["contestant"] for run in runs):
        mine = [run for run in runs if run["contestant"] == name]
        seeds = ", ".join(str(run["seed"]) for run in mine)
        cells = [seeds, f"{_mean(mine, point, 'images'):,.0f}"]
        cells += [_format_range(mine, point, key) for key in COLUMNS]
        for key, form in (
            ("images_per_second", ",.0f"),
            ("parameters", ",.0f"),
            ("seconds_for_1000", ".2f"),
        ):
            cells.append(format(statistics.mean(r[key] for r in mine), form))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _format_range(runs: Sequence[dict], point: str, key: str) -> str:
    """Formats a mean, and the least and the most of several seeds."""
    mean = _mean(runs, point, key)
    if mean is None:
        return "-"
    values = [run[point][key] for run in runs]
    between = f" ({min(values):.3g} to {max(values):.3g})"
    return f"{mean:.3g}{between if len(values) > 1 else ''}"


def _mean(runs: Sequence[dict], point: str, key: str) -> float | None:
    found = [run[point][key] for run in runs]
    return None if None in found else statistics.mean(found)


def compare(values, work_dir: Path) -> list[dict]:
    """Trains and measures all; returns a record a run."""
    runs = []
    chosen = values.families
    if values.smoke:  # Each family once.
        chosen = [x.name for x in CONTESTANTS if _ADAM[0] not in x.flags]
    seeds = values.seeds[: 1 if values.smoke else None]
    for seed in seeds:
        mine = []
        for index, contestant in enumerate(CONTESTANTS):
            if chosen and contestant.name not in chosen:
                continue
            if contestant.name in values.once and seed != seeds[0]:
                continue
            run_dir = work_dir / f"{index}-{seed}"
            speed = train(contestant, run_dir, values, seed)
            record = {
                "contestant": contestant.name,
                "seed": seed,
                "run_dir": str(run_dir),
                "images_per_second": speed,
                **describe(run_dir, values.smoke),
            }
            mine.append(record)
        folders = [Path(record["run_dir"]) for record in mine]
        fewest = min(map(count_images, folders))
        for record, run_dir in zip(mine, folders, strict=True):
            for point, num_images in (
                ("end", count_images(run_dir)),
                ("equal_images", fewest),
            ):
                step = find_step(run_dir, num_images)
                record[point] = load_or_measure(run_dir, step, values.smoke)
            print(json.dumps(record), file=sys.stderr, flush=True)
        draw_grid(work_dir / f"samples-{seed}.png", folders)
        runs += mine
    return runs


def _stop(signum, frame) -> None:
    raise Stopped


def main() -> None:
    parser = command.make_parser(__doc__)
    to_families = command.names_of([x.name for x in CONTESTANTS])
    parser.add_argument(
        "--minutes", type=command.number(0), default=5.0, help="of each"
    )
    parser.add_argument(
        "--lapgan_factor",
        type=command.number(0),
        default=3.0,
        help="times its minutes",
    )
    parser.add_argument(
        "--seeds", type=command.wholes(0), default="0,1,2", help="0,1,2"
    )
    parser.add_argument(
        "--families",
        type=to_families,
        default=(),
        help="these alone, with semicolons between: "
        f"{'; '.join(x.name for x in CONTESTANTS)}",
    )
    parser.add_argument(
        "--once",
        type=to_families,
        default=(),
        help="families with the first seed alone, with semicolons between",
    )
    parser.add_argument(
        "--every", type=command.whole(1), default=500, help="checkpoints"
    )
    parser.add_argument("--dataset", help="mnist_5k")
    parser.add_argument("--image_dir", help="a folder instead")
    parser.add_argument("--data_dir", help="where TFDS keeps the dataset")
    parser.add_argument("--image_size", help="SIDE or HEIGHTxWIDTH")
    parser.add_argument(
        "--preset", help="svhn_32: the dcgan's; else its dataset's"
    )
    parser.add_argument("--work_dir", default="families", help="of the runs")
    parser.add_argument(
        "--clock", choices=("processor", "wall"), default="processor"
    )
    values = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    if values.smoke:
        values.every = 2
    work_dir = Path(values.work_dir)
    try:
        runs = compare(values, work_dir)
    except (Stopped, KeyboardInterrupt):
        print("stopped; the same command goes on", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)
    print(
        f"{machine.describe()}; {values.minutes:g} minutes each by the "
        f"{values.clock} clock, lapgan {values.lapgan_factor:g} times that; "
        f"grids in {work_dir}\n"
    )
    for point, title in (
        ("end", "After the same time"),
        ("equal_images", "At the same number of images"),
    ):
        print(f"{title}:\n\n{format_table(runs, point)}\n")
    command.write_json(values.json, runs=runs)


if __name__ == "__main__":
    command.run(main)
