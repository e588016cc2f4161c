"""Trains choices of a recipe beside the paper's, each at the same cost.

    python benchmarks/recipes.py --image_dir=DIR --image_size=48 \\
        --base_filters=32 --minutes=15 [--seeds=0,1] [--choices=A,B]
    python benchmarks/recipes.py --image_dir=DIR --choices=paper,small \\
        --image_size=64 --minutes=60
    python benchmarks/recipes.py --list
    python benchmarks/recipes.py --smoke

A minute buys as many images as this machine trains in it by the choice, timed
at the start: by the time that all cores work, so that what else runs there
spoils nothing. Each is trained by the command, as a user would. Half of the
held-out images choose each run's checkpoint, the other half give the figures:
the Fréchet distance beside that of training images (the floor), precision,
recall, and how much is copied. What is timed, trained and measured is kept in
`--work_dir`: the same command goes on where it was stopped.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import before_tensorflow  # noqa: F401
import command
import machine
import numpy as np
import tensorflow as tf
from comparisons.recipe_figures import Figures, draw_grid

from dcgan_tf.kernels.precision import resolve_precision
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.recipes import PAPER, SMALL
from dcgan_tf.training.state import build_training_state
from dcgan_tf.training.step import GradientTapeStep

ROOT = Path(__file__).resolve().parents[1]
EXIT_INTERRUPTED = 75

# Settings of each choice; docs/recipes.md has where they come from.
CHOICES = {
    PAPER: {},
    "spectral norm": {
        "spectral_norm": True, "discriminator_batch_norm": False,
    },
    "R1": {"r1_weight": 0.1},
    "hinge": {"loss": "hinge"},
    "two rates": {
        "learning_rate": 1e-4, "discriminator_learning_rate": 4e-4,
    },
    "adapted augmentation": {"diff_augment": True, "diff_augment_target": 0.6},
    "flips": {"flip": True},
    "longer averages": {"ema_decay": 0.9995, "ema_warmup": 4.0},
    "relativistic, R1 and R2": {
        "loss": "relativistic", "r1_weight": 0.1, "r2_weight": 0.1,
    },
    # Beyond the eight that are screened.
    "augmentation": {"diff_augment": True},
    "R1 of 1": {"r1_weight": 1.0},
    "spectral norm, R1, hinge": {
        "spectral_norm": True, "discriminator_batch_norm": False,
        "r1_weight": 0.1, "loss": "hinge",
    },
    "alternating": {"updates": "alternating"},
    SMALL: {"recipe": SMALL},
}  # fmt: skip
_SCREENED = tuple(CHOICES)[:9]
_DATA_FLAGS = (
    "dataset", "image_dir", "held_out_dir", "data_dir", "manual_dir", "crop",
    "channels",
)  # fmt: skip
# A gradient penalty's steps, whole.
_STEPS_A_ROUND = 16


class Stopped(Exception):
    """The comparison was told to stop."""


def make_settings(values, name: str) -> dict:
    """Returns a choice's settings of training, the comparison's included."""
    given = {key: getattr(values, key) for key in _DATA_FLAGS}
    side = values.image_size
    return {
        "recipe": PAPER,
        **{key: value for key, value in given.items() if value is not None},
        "image_size": (side, side),
        "base_filters": values.base_filters,
        "batch_size": values.batch_size,
        **CHOICES[name],
    }


def format_flags(settings: dict) -> list[str]:
    """Returns settings as flags of `train`."""
    flags = []
    for name, value in settings.items():
        if isinstance(value, bool):
            flags.append(f"--{'' if value else 'no'}{name}")
        elif isinstance(value, tuple):
            flags.append(f"--{name}={'x'.join(map(str, value))}")
        else:
            flags.append(f"--{name}={value}")
    return flags


class TimedStep:
    """A choice's training step on one batch of noise."""

    def __init__(self, settings: dict):
        config = resolve_run_config(settings)
        self._batch_size = config.training.batch_size
        precision = resolve_precision(config.training.precision, 1)
        shape = (*config.model.image_size, config.model.channels)
        self._images = tf.random.stateless_uniform(
            (self._batch_size, *shape), (0, 0), -1.0
        )
        state = build_training_state(config, precision)
        self._step = GradientTapeStep(state, config)
        self.time()

    def time(self) -> float:
        """Returns the seconds an image, all cores at work."""
        start = time.process_time()
        for _ in range(_STEPS_A_ROUND):
            measures = self._step.train_step(self._images)
        float(measures["g_loss"])
        cores = len(os.sched_getaffinity(0))
        seconds = (time.process_time() - start) / cores
        return seconds / (_STEPS_A_ROUND * self._batch_size)


def time_choices(values, names, path: Path) -> dict[str, float]:
    """Returns seconds an image of each choice, those timed before kept.

    The paper's step is timed in turn with each, and the medians' ratio, times
    what the paper's took the first time, is what counts.
    """
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    paper = None
    for name in (PAPER, *names):
        if name in kept:
            continue
        paper = paper or TimedStep(make_settings(values, PAPER))
        other = paper
        if name != PAPER:
            other = TimedStep(make_settings(values, name))
        rounds = [(paper.time(), other.time()) for _ in range(values.rounds)]
        base, own = (statistics.median(x) for x in zip(*rounds, strict=True))
        kept[name] = kept.get(PAPER, base) * own / base
        path.write_text(json.dumps(kept, indent=2), encoding="utf-8")
        cost = kept[name] / kept[PAPER]
        print(f"{name}: {cost:.2f} of {PAPER}'s cost", file=sys.stderr)
    return kept


def train(values, name: str, seed: int, run_dir: Path, images: float) -> None:
    """Trains one run by the command, or goes on with it."""
    steps = max(values.checkpoints, round(images / values.batch_size))
    arguments = [
        sys.executable, str(ROOT / "train.py"),
        *format_flags(make_settings(values, name)), f"--run_dir={run_dir}",
        f"--seed={seed}", f"--steps={steps}", f"--sample_every={steps}",
        f"--checkpoint_every={steps // values.checkpoints}",
        "--keep_checkpoints=1000", "--eval_every=0",
    ]  # fmt: skip
    log = run_dir.with_suffix(".log")
    code = run_command(arguments, log)
    if code == EXIT_INTERRUPTED:
        raise Stopped
    if code:
        raise ChildProcessError(f"{' '.join(arguments)} failed, see {log}")


def run_command(arguments: list[str], log: Path) -> int:
    """Runs a command, which is stopped as this one is; returns its code."""
    with log.open("a", encoding="utf-8") as output:
        process = subprocess.Popen(arguments, stdout=output, stderr=output)
        try:
            return process.wait()
        except Stopped:
            process.send_signal(signal.SIGTERM)
            process.wait()
            raise


def compare(values, names, work_dir: Path) -> tuple[list[dict], dict]:
    """Times, trains and measures all; returns a record a run, and times."""
    times = time_choices(values, names, work_dir / "timing.json")
    figures, rows = None, []
    for seed in values.seeds:
        run_dirs = []
        for name in names:
            stem = f"{name.replace(', ', '-').replace(' ', '_')}-{seed}"
            run_dir = work_dir / stem
            path = work_dir / f"{stem}.json"
            run_dirs.append(run_dir)
            if not path.exists():
                images = 60 * values.minutes / times[name]
                train(values, name, seed, run_dir, images)
                figures = figures or Figures(
                    run_dir, values.features, values.num_samples
                )
                row = {
                    "choice": name,
                    "seed": seed,
                    "relative_cost": times[name] / times[PAPER],
                    **figures.measure(run_dir),
                }
                path.write_text(json.dumps(row, indent=2), encoding="utf-8")
            rows.append(json.loads(path.read_text(encoding="utf-8")))
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
        steps = [r["step"] for r in rows if r["seed"] == seed]
        draw_grid(work_dir / f"samples-{seed}.png", run_dirs, steps)
    return rows, times


_COLUMNS = {
    "relative_cost": ("cost", "{:.2f}"),
    "images": ("images", "{:,.0f}"),
    "frechet": ("distance", "{:.4g}"),
    "above_floor": ("above floor", "{:.4g}"),
    "above_floor_at_end": ("at the end", "{:.4g}"),
    "precision": ("precision", "{:.3f}"),
    "recall": ("recall", "{:.3f}"),
    "copying_pixels_memorized_fraction": ("copied, pixels", "{:.3f}"),
    "copying_features_memorized_fraction": ("copied, features", "{:.3f}"),
    "step_fraction": ("best at", "{:.0%}"),
}


def format_table(rows: list[dict]) -> str:
    """Formats means over seeds, distances with their range."""
    heads = ["choice", *(head for head, _ in _COLUMNS.values()), "to paper"]
    lines = [f"| {' | '.join(heads)} |", f"|---{'|--:' * (len(heads) - 1)}|"]
    by_name = {
        name: [row for row in rows if row["choice"] == name]
        for name in dict.fromkeys(row["choice"] for row in rows)
    }
    for name, mine in by_name.items():
        cells = [name]
        for key, (_, form) in _COLUMNS.items():
            found = [row[key] for row in mine]
            cell = form.format(np.mean(found))
            if key == "above_floor" and len(found) > 1:
                least, most = map(form.format, (min(found), max(found)))
                cell += f" ({least} to {most})"
            cells.append(cell)
        cells.append(_compare_to_paper(mine, by_name.get(PAPER, [])))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _compare_to_paper(mine: list[dict], papers: list[dict]) -> str:
    """Formats the mean ratio above the floor over seeds that both have."""
    base = {row["seed"]: row["above_floor"] for row in papers}
    ratios = [
        row["above_floor"] / base[row["seed"]]
        for row in mine
        if base.get(row["seed"], 0) > 0
    ]
    return f"{np.mean(ratios):.2f}" if ratios else "-"


def check_settings(values, work_dir: Path) -> None:
    """Refuses to go on in a folder of another comparison."""
    changing = ("seeds", "choices", "json", "list")
    settings = {k: v for k, v in vars(values).items() if k not in changing}
    path = work_dir / "settings.json"
    if not path.exists():
        path.write_text(json.dumps(settings, indent=2), encoding="utf-8")
    kept = json.loads(path.read_text(encoding="utf-8"))
    differing = [k for k, v in settings.items() if kept.get(k) != v]
    if differing:
        name = differing[0]
        sys.exit(
            f"{work_dir} holds a comparison with {name} {kept.get(name)!r}, "
            f"not {settings[name]!r}; give another --work_dir"
        )


def parse_arguments():
    parser = command.make_parser(__doc__, num_rounds=5)
    parser.add_argument(
        "--minutes", type=command.number(0), default=15.0, help="of each"
    )
    parser.add_argument(
        "--seeds", type=command.wholes(0), default="0", help="0,1,2"
    )
    parser.add_argument(
        "--choices",
        type=command.names_of(CHOICES),
        default=";".join(_SCREENED),
        help="separated by , or ;",
    )
    parser.add_argument("--list", action="store_true", help="all choices")
    parser.add_argument("--dataset", help="or --image_dir")
    parser.add_argument("--image_dir")
    parser.add_argument("--held_out_dir", help="other images, for figures")
    parser.add_argument("--data_dir")
    parser.add_argument("--manual_dir")
    parser.add_argument("--crop", type=command.whole(1))
    parser.add_argument("--channels", type=int, choices=(1, 3, 4))
    parser.add_argument(
        "--image_size", type=command.whole(1), default=48, help="side"
    )
    parser.add_argument("--base_filters", type=command.whole(1), default=32)
    parser.add_argument("--batch_size", type=command.whole(1), default=64)
    parser.add_argument(
        "--checkpoints", type=command.whole(1), default=8, help="of a run"
    )
    parser.add_argument("--num_samples", type=command.whole(2), default=5_000)
    parser.add_argument(
        "--features",
        default="auto",
        choices=("auto", "classifier", "random"),
        help="of evaluate",
    )
    parser.add_argument("--work_dir", default="recipes", help="of the runs")
    values = parser.parse_args()
    if values.smoke:
        values.choices = [PAPER, SMALL]
        values.dataset = None if values.image_dir else "toy_faces"
        values.image_size, values.base_filters, values.rounds = 16, 4, 1
        values.minutes, values.checkpoints, values.batch_size = 0.0, 2, 16
        values.num_samples, values.features = 32, "random"
    return values


def _stop(signum, frame) -> None:
    raise Stopped


def main() -> None:
    values = parse_arguments()
    if values.list:
        for name, settings in CHOICES.items():
            print(f"{name}: {' '.join(format_flags(settings))}")
        return
    work_dir = Path(values.work_dir)
    work_dir.mkdir(parents=True, exist_ok=True)
    check_settings(values, work_dir)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        rows, times = compare(values, values.choices, work_dir)
    except Stopped:
        print("stopped; the same command goes on", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)
    print(
        f"{machine.describe()}; {values.minutes:g} minutes each, images of "
        f"{values.image_size}x{values.image_size}, base {values.base_filters}, "
        f"{values.batch_size} a step, seeds {str(values.seeds)[1:-1]}; "
        f"features {rows[0]['features']}; {rows[0]['num_choosing']} held-out "
        f"images choose, {rows[0]['num_measuring']} measure "
        f"{values.num_samples} samples; floor {rows[0]['floor']:.4g}; "
        f"grids in {work_dir}\n\n"
        f"{format_table(rows)}"
    )
    command.write_json(
        values.json,
        settings={k: v for k, v in vars(values).items() if k != "json"},
        seconds_an_image=times,
        rows=rows,
    )


if __name__ == "__main__":
    command.run(main)
