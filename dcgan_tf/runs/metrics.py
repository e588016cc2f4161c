"""A run's scalars: metrics.csv and TensorBoard."""

import codecs
import csv
import io
import logging
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorboard.compat.proto import event_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from dcgan_tf import failures, scratch, tf_paths
from dcgan_tf.runs.set_aside import set_aside

_log = logging.getLogger(__name__)

METRICS_FILE = "metrics.csv"
LOGS_DIR = "logs"

_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+(E[-+]?\d+)?", re.IGNORECASE)
_STEP = re.compile(r"(\d+)(?:[.,]0*)?", re.ASCII)


def read_metrics(run_dir: str | os.PathLike) -> list[dict[str, str]]:
    """Returns the rows of a run's metrics.csv, in the order of steps.

    A file that a spreadsheet saved is read too: with semicolons or tabs, a
    byte-order mark and decimal commas. One that can't be read is left out,
    with a warning.

    Args:
        run_dir: The run.

    Returns:
        Text by column; none where the file isn't there.
    """
    path = Path(run_dir) / METRICS_FILE
    try:
        return _parse_metrics(path)[0]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, csv.Error) as error:
        _log.warning("%s is left out: %s", path, error)
        return []


def load_history(run_dir: str | os.PathLike) -> dict[str, np.ndarray]:
    """Loads a run's metrics.csv as columns by name.

    Args:
        run_dir: The run.

    Returns:
        `step`, int64 `(num_rows,)`, and float64 `(num_rows,)` each for the
        other columns; NaN where a row has no such value.
    """
    rows = read_metrics(run_dir)
    names = dict.fromkeys(name for row in rows for name in row)
    table = {
        name: np.array([parse_number(row.get(name)) for row in rows])
        for name in names
    }
    steps = table.get("step", np.empty(0))
    return {**table, "step": steps.astype(np.int64)}


def parse_number(text: str | None) -> float:
    """Returns a cell of metrics.csv as a number; NaN where it is none."""
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan


def list_measures(row: Mapping[str, str]) -> dict[str, float]:
    """Returns an evaluation's measures, the first one first.

    Args:
        row: Of `read_metrics`.

    Returns:
        Values by name; none where the row is of losses, since an evaluation's
        rows have its measures alone.
    """
    if row.get("d_loss"):
        return {}
    return {
        name: parse_number(row[name])
        for name in row
        if name not in ("step", "elapsed_seconds") and row[name]
    }


def get_elapsed_seconds(rows: Sequence[Mapping[str, str]]) -> float:
    """Returns the training time at the last row that has it; 0 for none."""
    times = [parse_number(row.get("elapsed_seconds")) for row in rows]
    return next((time for time in reversed(times) if math.isfinite(time)), 0.0)


def _parse_metrics(path: Path) -> tuple[list[dict[str, str]], bool]:
    """Returns the rows, and whether the file is as `MetricsWriter` left it."""
    data = path.read_bytes()
    text = _decode(data)
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=delimiter, restkey=""
    )
    names = [name.strip() for name in reader.fieldnames or ()]
    if names and "step" not in names:
        raise ValueError("it has no column named step")
    reader.fieldnames = names
    rows = []
    for row in reader:
        row.pop("", None)
        step = _STEP.fullmatch((row["step"] or "").strip())
        # A killed process may have left half a line, without a step.
        if step is None or None in row.values():
            continue
        if delimiter != ",":
            row = {name: _with_decimal_point(row[name]) for name in row}
        rows.append({**row, "step": str(int(step[1]))})
    is_own = delimiter == "," and not data.startswith(_BYTE_ORDER_MARKS)
    return sorted(rows, key=lambda row: int(row["step"])), is_own


_BYTE_ORDER_MARKS = (
    codecs.BOM_UTF8,
    codecs.BOM_UTF16_LE,
    codecs.BOM_UTF16_BE,
)


def _decode(data: bytes) -> str:
    if data.startswith(_BYTE_ORDER_MARKS[1:]):
        return data.decode("utf-16")
    return data.decode("utf-8-sig", errors="replace")


def _with_decimal_point(text: str) -> str:
    if _DECIMAL_COMMA.fullmatch(text):
        return text.replace(",", ".")
    return text


class MetricsWriter:
    """Writes the same scalars to metrics.csv and TensorBoard.

    Args:
        run_dir: The run. Rows after `start_step` are cut from its
            metrics.csv, and TensorBoard is told to forget them.
        start_step: Completed steps of the checkpoint that is resumed from.
        names: Names of the scalars; a row leaves out those it hasn't.
        log: Takes a line for the user, should the file be one that can't be
            read or that a spreadsheet saved: it is then kept as
            metrics.csv.bak, and a new one holds what could be read.

    Attributes:
        elapsed_seconds: Training time up to `start_step`.
    """

    def __init__(
        self,
        run_dir: str | os.PathLike,
        start_step: int,
        names: Sequence[str],
        log: Callable[[str], None] = _log.warning,
    ):
        self._log = log
        self._path = Path(run_dir) / METRICS_FILE
        logs_dir = str(Path(run_dir) / LOGS_DIR)
        kept = [
            row
            for row in self._read_or_set_aside(log)
            if int(row["step"]) <= start_step
        ]
        self.elapsed_seconds = get_elapsed_seconds(kept)
        columns = dict.fromkeys(("step", "elapsed_seconds", *names))
        for row in kept:
            columns.update(dict.fromkeys(row))
        self._columns = list(columns)
        self._rewrite(kept)
        _mark_session_start(logs_dir, start_step)
        # As bytes, since a name need not be UTF-8.
        self._summaries = tf.summary.create_file_writer(os.fsencode(logs_dir))

    def _read_or_set_aside(self, log: Callable[[str], None]) -> list:
        """Reads the earlier rows; a file in another form is kept beside."""
        rows, reason = [], "it is as another program saved it"
        try:
            rows, is_own = _parse_metrics(self._path)
            if is_own:
                return rows
        except FileNotFoundError:
            return []
        except (OSError, ValueError, csv.Error) as error:
            reason = str(error)
        kept_as = set_aside(self._path)
        log(
            f"{self._path}: {reason}; kept as {kept_as.name}, and "
            f"{len(rows)} rows of it are in a new one"
        )
        return rows

    def write(self, step: int, scalars: Mapping[str, float]) -> None:
        """Adds one row and its TensorBoard scalars."""
        # The measures of an evaluation come once it is done.
        new = [name for name in scalars if name not in self._columns]
        # Somebody may have saved the file, or removed it, meanwhile.
        if new or self._find_signature() != self._signature:
            rows = self._read_or_set_aside(self._log)
            for row in rows:
                new += [name for name in row if name not in self._columns]
            self._columns = list(dict.fromkeys((*self._columns, *new)))
            self._rewrite(rows)
        with (
            failures.file_named(self._path),
            self._path.open("a", newline="", encoding="utf-8") as file,
        ):
            row = {name: f"{value:.6g}" for name, value in scalars.items()}
            row["step"] = str(step)
            csv.DictWriter(file, self._columns).writerow(row)
        self._signature = self._find_signature()
        with self._summaries.as_default(step):
            for name, value in scalars.items():
                tf.summary.scalar(name, value)

    def _rewrite(self, rows: Sequence[Mapping[str, str]]) -> None:
        with (
            scratch.tmp_file(self._path) as partial,
            partial.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, self._columns)
            writer.writeheader()
            writer.writerows(rows)
        self._signature = self._find_signature()

    def _find_signature(self) -> tuple[int, int] | None:
        """Returns what changes when another program saves the file."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        return status.st_size, status.st_mtime_ns

    def write_samples(self, step: int, grid: np.ndarray) -> None:
        """Adds a uint8 grid `(height, width, channels)` to TensorBoard."""
        with self._summaries.as_default(step):
            tf.summary.image("samples", grid[None])

    def write_warning(self, step: int, text: str) -> None:
        """Adds what training noticed to TensorBoard."""
        with self._summaries.as_default(step):
            tf.summary.text("warnings", text)

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
    os.makedirs(logs_dir, exist_ok=True)
    with tf_paths.plain_dir(logs_dir) as folder:
        writer = EventFileWriter(os.fspath(folder), filename_suffix=".start")
        start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
        writer.add_event(
            event_pb2.Event(step=start_step + 1, session_log=start)
        )
        writer.close()
