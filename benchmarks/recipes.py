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
import signal
import subprocess
import sys
from pathlib import Path

import before_tensorflow  # noqa: F401
import command
import machine
import numpy as np
from comparisons.grid import draw_grid
from comparisons.recipe_choices import (
    CHOICES,
    SCREENED,
    format_flags,
    make_settings,
)
from comparisons.recipe_costs import time_choices
from comparisons.recipe_figures import Figures
from comparisons.stopping import EXIT_INTERRUPTED, Stopped, stoppable

from dcgan_tf.presets import resolve_run_config
from dcgan_tf.recipes import PAPER, SMALL

ROOT = Path(__file__).resolve().parents[1]


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
        steps = [str(r["step"]) for r in rows if r["seed"] == seed]
        path = work_dir / f"samples-{seed}.png"
        # Other samples than those that are measured.
        draw_grid(path, run_dirs, steps, seed=1)
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
        raise ValueError(
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
        default=";".join(SCREENED),
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
    try:
        data = resolve_run_config(make_settings(values, PAPER)).data
    except ValueError as error:
        parser.error(str(error))
    return values, data


def main() -> None:
    values, data = parse_arguments()
    if values.list:
        for name, settings in CHOICES.items():
            print(f"{name}: {' '.join(format_flags(settings))}")
        return
    command.check_images(data)
    work_dir = Path(values.work_dir)
    work_dir.mkdir(parents=True, exist_ok=True)
    check_settings(values, work_dir)
    with stoppable():
        rows, times = compare(values, values.choices, work_dir)
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
