"""A run's warnings.csv: what training noticed to go wrong, and when."""

import csv
import io
import logging
import os
from pathlib import Path

from dcgan_tf import scratch

_log = logging.getLogger(__name__)

WARNINGS_FILE = "warnings.csv"
_COLUMNS = ("step", "kind", "text")


def read_warnings(run_dir: str | os.PathLike) -> list[dict[str, str]]:
    """Returns a run's warnings in the order of steps.

    Args:
        run_dir: The run.

    Returns:
        `step`, `kind` and `text` of each; none where the file isn't there or
        can't be read, the latter with a line in the log.
    """
    path = Path(run_dir) / WARNINGS_FILE
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    except FileNotFoundError:
        return []
    except (OSError, csv.Error) as error:
        _log.warning("%s is left out: %s", path, error)
        return []
    rows = [
        {name: row[name] for name in _COLUMNS}
        for row in rows
        if all(row.get(name) for name in _COLUMNS) and row["step"].isdecimal()
    ]
    return sorted(rows, key=lambda row: int(row["step"]))


def add_warning(
    run_dir: str | os.PathLike, step: int, kind: str, text: str
) -> None:
    """Adds a warning to a run's."""
    row = dict(zip(_COLUMNS, (str(step), kind, text), strict=True))
    _write(run_dir, [*read_warnings(run_dir), row])


def remove_later_warnings(run_dir: str | os.PathLike, step: int) -> None:
    """Drops what was noticed after a step, from which the run resumes."""
    rows = read_warnings(run_dir)
    kept = [row for row in rows if int(row["step"]) <= step]
    if len(kept) < len(rows):
        _write(run_dir, kept)


def _write(run_dir: str | os.PathLike, rows: list[dict[str, str]]) -> None:
    path = Path(run_dir) / WARNINGS_FILE
    if not rows:
        path.unlink(missing_ok=True)
        return
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, _COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    scratch.save_text(path, file.getvalue())
