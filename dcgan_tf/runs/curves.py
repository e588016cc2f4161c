"""A run's losses and D's outputs by step, as a figure: losses.png."""

import math
import os
from pathlib import Path

import matplotlib.figure

from dcgan_tf.images import save_figure
from dcgan_tf.runs.metrics import parse_number, read_metrics

CURVES_FILE = "losses.png"

_CURVES_LAYOUT = {
    "left": 0.08,
    "right": 0.98,
    "bottom": 0.08,
    "top": 0.95,
    "hspace": 0.15,
}


def save_curves(run_dir: str | os.PathLike) -> None:
    """Draws losses and D's mean outputs over the steps: losses.png."""
    # An evaluation's rows have its measures alone.
    rows = [
        row
        for row in read_metrics(run_dir)
        if math.isfinite(parse_number(row.get("d_loss")))
    ]
    if not rows:
        return
    steps = [int(row["step"]) for row in rows]
    figure = matplotlib.figure.Figure(figsize=(8, 6))
    # Fixed: a layout engine draws it twice.
    top, bottom = figure.subplots(2, 1, sharex=True, gridspec_kw=_CURVES_LAYOUT)
    for axes, names, title in (
        (top, {"d_loss": "D", "g_loss": "G"}, "Loss"),
        (
            bottom,
            {"d_real": "real images", "d_fake": "generated images"},
            "Mean output of D",
        ),
    ):
        for name, label in names.items():
            values = [parse_number(row.get(name)) for row in rows]
            axes.plot(steps, values, label=label, linewidth=1)
        axes.set_title(title, loc="left")
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    bottom.set_ylim(0, 1)
    bottom.set_xlabel("step")
    save_figure(Path(run_dir) / CURVES_FILE, figure)
