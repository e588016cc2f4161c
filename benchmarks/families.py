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
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

import before_tensorflow  # noqa: F401
import command
import machine
from comparisons.family_figures import (
    COLUMNS,
    describe,
    find_step,
    load_or_measure,
)
from comparisons.grid import draw_grid
from comparisons.stopping import stoppable
from comparisons.timed_training import count_images, train_for

from dcgan_tf.config import DataConfig
from dcgan_tf.image_sizes import parse_image_size
from dcgan_tf.presets import PRESETS, resolve_run_config

_DATA_FLAGS = ("dataset", "image_dir", "data_dir", "image_size")


@dataclasses.dataclass(frozen=True)
class Variant:
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
VARIANTS = (
    Variant("dcgan", (), ("--base_filters=4",)),
    Variant("gan", ("--family=gan",), ("--hidden_units=10",)),
    Variant("gan, Adam", ("--family=gan", *_ADAM), ("--hidden_units=10",)),
    # Narrower than the paper's 128 filters, and for longer.
    Variant("lapgan, 32 filters", _LAPGAN, _TINY_LAPGAN, True),
    Variant("lapgan, 32 filters, Adam", (*_LAPGAN, *_ADAM), _TINY_LAPGAN, True),
)


def train(variant: Variant, run_dir: Path, values, seed: int) -> float:
    """Trains until time is up; returns images a second."""
    factor = values.lapgan_factor if variant.is_slow else 1
    flags = [
        *list_flags(variant, values), *_list_data_flags(values),
        f"--seed={seed}", f"--keep_checkpoints={values.keep}",
        f"--checkpoint_every={values.every}", "--recipe=paper",
    ]  # fmt: skip
    if values.smoke:
        flags += [*variant.smoke_flags, "--image_size=16"]
        flags += ["--steps=4", "--report_every=1", "--sample_every=4"]
    else:
        # More than there is time for; all of its files must fit on the disk.
        flags += ["--steps=1000000", "--sample_every=10000"]
        flags += ["--report_every=10"]
    return train_for(60 * values.minutes * factor, run_dir, flags, values.clock)


def _list_data_flags(values) -> list[str]:
    given = {name: getattr(values, name) for name in _DATA_FLAGS}
    return [f"--{name}={value}" for name, value in given.items() if value]


def list_flags(variant: Variant, values) -> list[str]:
    """Returns a family's flags of `train`, and the preset of the dcgan."""
    flags = [*variant.flags]
    if values.preset and not flags:
        flags.append(f"--preset={values.preset}")
    return flags


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
    for name in dict.fromkeys(run["variant"] for run in runs):
        mine = [run for run in runs if run["variant"] == name]
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
        chosen = [x.name for x in VARIANTS if _ADAM[0] not in x.flags]
    seeds = values.seeds[: 1 if values.smoke else None]
    for seed in seeds:
        mine = []
        for index, variant in enumerate(VARIANTS):
            if chosen and variant.name not in chosen:
                continue
            if variant.name in values.once and seed != seeds[0]:
                continue
            run_dir = work_dir / f"{index}-{seed}"
            speed = train(variant, run_dir, values, seed)
            record = {
                "variant": variant.name,
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
        path = work_dir / f"samples-{seed}.png"
        draw_grid(path, folders, ["latest"] * len(folders), seed=0)
        runs += mine
    return runs


def parse_arguments():
    parser = command.make_parser(__doc__)
    to_families = command.names_of([x.name for x in VARIANTS])
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
        f"{'; '.join(x.name for x in VARIANTS)}",
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
    # A checkpoint of the gan of RGB images takes 1.5 GB.
    parser.add_argument(
        "--keep", type=command.whole(1), default=100, help="checkpoints a run"
    )
    parser.add_argument("--dataset", help="mnist_5k")
    parser.add_argument("--image_dir", help="a folder instead")
    parser.add_argument("--data_dir", help="where TFDS keeps the dataset")
    parser.add_argument("--image_size", help="SIDE or HEIGHTxWIDTH")
    parser.add_argument(
        "--preset",
        choices=tuple(PRESETS),
        help="svhn_32: the dcgan's; else its dataset's",
    )
    parser.add_argument("--work_dir", default="families", help="of the runs")
    parser.add_argument(
        "--clock", choices=("processor", "wall"), default="processor"
    )
    values = parser.parse_args()
    if values.smoke:
        values.every = 2
    try:
        data = _resolve_data(values)
    except ValueError as error:
        parser.error(str(error))
    return values, data


def _resolve_data(values) -> DataConfig:
    given = {name: getattr(values, name) or None for name in _DATA_FLAGS}
    if given["image_size"] is not None:
        given["image_size"] = parse_image_size(given["image_size"])
    return resolve_run_config(given).data


def main() -> None:
    values, data = parse_arguments()
    command.check_images(data)
    work_dir = Path(values.work_dir)
    with stoppable():
        runs = compare(values, work_dir)
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
