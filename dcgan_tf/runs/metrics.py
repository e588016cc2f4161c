"""A run's scalars: metrics.csv, TensorBoard, loss curves."""

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.figure
import numpy as np
import tensorflow as tf
from tensorboard.compat.proto import event_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

METRICS_FILE = "metrics.csv"
CURVES_FILE = "losses.png"
LOGS_DIR = "logs"


def read_metrics(run_dir: str | os.PathLike) -> list[dict[str, str]]:
    """Returns the rows of a run's metrics.csv; none where it isn't there."""
    path = Path(run_dir) / METRICS_FILE
    if not path.exists():
        return []
    with path.open(newline="") as file:
        # A killed process may have left half a line, without a step.
        return [
            row
            for row in csv.DictReader(file)
            if (row["step"] or "").isdigit() and None not in row.values()
        ]


class MetricsWriter:
    """Writes the same scalars to metrics.csv and TensorBoard.

    Args:
        run_dir: The run. Rows after `start_step` are cut from its
            metrics.csv, and TensorBoard is told to forget them.
        start_step: Completed steps of the checkpoint the run goes on from.
        names: Names of the scalars; a row leaves out those it hasn't.
    """

    def __init__(
        self, run_dir: str | os.PathLike, start_step: int, names: Sequence[str]
    ):
        self._run_dir = run_dir
        self._path = Path(run_dir) / METRICS_FILE
        logs_dir = str(Path(run_dir) / LOGS_DIR)
        kept = [
            row
            for row in read_metrics(run_dir)
            if int(row["step"]) <= start_step
        ]
        self.elapsed_seconds = (
            float(kept[-1]["elapsed_seconds"]) if kept else 0.0
        )
        columns = dict.fromkeys(("step", "elapsed_seconds", *names))
        for row in kept:
            columns.update(dict.fromkeys(row))
        self._columns = list(columns)
        self._rewrite(kept)
        _mark_session_start(logs_dir, start_step)
        self._summaries = tf.summary.create_file_writer(logs_dir)

    def write(self, step: int, scalars: Mapping[str, float]) -> None:
        """Adds one row and its TensorBoard scalars."""
        # The measures of an evaluation come once it is done.
        new = [name for name in scalars if name not in self._columns]
        if new:
            self._columns += new
            self._rewrite(read_metrics(self._run_dir))
        with self._path.open("a", newline="") as file:
            row = {name: f"{value:.6g}" for name, value in scalars.items()}
            row["step"] = str(step)
            csv.DictWriter(file, self._columns).writerow(row)
        with self._summaries.as_default(step):
            for name, value in scalars.items():
                tf.summary.scalar(name, value)

    def _rewrite(self, rows: Sequence[Mapping[str, str]]) -> None:
        partial = self._path.with_suffix(".csv.partial")
        with partial.open("w", newline="") as file:
            writer = csv.DictWriter(file, self._columns)
            writer.writeheader()
            writer.writerows(rows)
        partial.replace(self._path)

    def write_image(self, step: int, name: str, image: np.ndarray) -> None:
        """Adds a uint8 image `(height, width, channels)` to TensorBoard."""
        with self._summaries.as_default(step):
            tf.summary.image(name, image[None])

    def flush(self) -> None:
        """Makes everything written visible to TensorBoard."""
        self._summaries.flush()

    def close(self) -> None:
        """Ends the log."""
        self._summaries.close()


def _mark_session_start(logs_dir: str, start_step: int) -> None:
    """Makes TensorBoard drop later steps of an earlier session.

    It takes the first mark for a start and each one after it for a restart,
    so a new run writes one too.
    """
    writer = EventFileWriter(logs_dir, filename_suffix=".start")
    start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
    writer.add_event(event_pb2.Event(step=start_step + 1, session_log=start))
    writer.close()


def save_curves(run_dir: str | os.PathLike) -> None:
    """Draws losses and D's mean outputs over the steps: losses.png."""
    # An evaluation's rows have its measures alone.
    rows = [row for row in read_metrics(run_dir) if row["d_loss"]]
    if not rows:
        return
    steps = [int(row["step"]) for row in rows]
    figure = matplotlib.figure.Figure(figsize=(8, 6), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True)
    for axes, names, title in (
        (top, {"d_loss": "D", "g_loss": "G"}, "Loss"),
        (
            bottom,
            {"d_real": "real images", "d_fake": "generated images"},
            "Mean output of D",
        ),
    ):
        for name, label in names.items():
            values = [float(row[name]) for row in rows]
            axes.plot(steps, values, label=label, linewidth=1)
        axes.set_title(title, loc="left")
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    bottom.set_ylim(0, 1)
    bottom.set_xlabel("step")
    figure.savefig(Path(run_dir) / CURVES_FILE, dpi=120)
