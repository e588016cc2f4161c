"""Reads tables of labels: CSV, StyleGAN's dataset.json, or CelebA's text."""

import csv
import dataclasses
import hashlib
import io
import math
import re
import reprlib
from collections.abc import Sequence
from typing import Any

from dcgan_tf.config.json_text import read_json
from dcgan_tf.data.text_files import decode_text

_DELIMITERS = ",;\t|"
# Types of a label in JSON, besides numbers that aren't whole.
_PLAIN = (str, int, bool)
# Lines that tell which delimiter a file has.
_NUM_TRIED = 100


@dataclasses.dataclass(frozen=True)
class Table:
    """A table of labels as it was written.

    Attributes:
        path: Where it was read.
        headings: Of the columns, the first of which has the images' names;
            None where a first row may be these or may be an image's.
        rows: Cells, all of one length.
        digest: Of the file.
    """

    path: str
    headings: tuple[str, ...] | None
    rows: list[tuple[str, ...]]
    digest: str


def read_table(path: str, contents: bytes) -> Table:
    """Reads a table.

    Args:
        path: Its file's, for messages; what begins with `{` or `[` is JSON.
        contents: The file's.

    Raises:
        ValueError: If it is no table, or an empty one.
    """
    digest = hashlib.blake2b(contents, digest_size=16).hexdigest()
    text = decode_text(contents)
    try:
        if not text.strip():
            raise ValueError("it is empty")
        if text.lstrip().startswith(("{", "[")):
            headings, rows = _read_json(text)
        elif re.match(r"\s*\d+\s*\n", text):
            headings, rows = _read_celeb_a(text)
        else:
            headings, rows = None, _read_csv(text)
        rows = [tuple(cell.strip() for cell in row) for row in rows]
        if not rows:
            raise ValueError("it has no rows")
        lengths = {len(row) for row in rows}
        if headings is not None:
            lengths.add(len(headings))
        if len(lengths) != 1 or min(lengths) < 2:
            raise ValueError(
                f"its rows have {' or '.join(map(str, sorted(lengths)))} cells"
            )
    except (ValueError, csv.Error) as error:
        raise ValueError(
            f"labels {path} are no table ({error}); give lines such as "
            "cat/1.png,cat, or a dataset.json whose 'labels' are [name, "
            "label] pairs"
        ) from None
    return Table(path, headings, rows, digest)


def _read_csv(text: str) -> list[Sequence[str]]:
    first, *others = text.lstrip().splitlines()[:_NUM_TRIED]

    def measure(delimiter):
        # As many in each row, or else the most in the first.
        count = first.count(delimiter)
        is_same = all(line.count(delimiter) == count for line in others if line)
        return bool(count) and is_same, count

    delimiter = max(_DELIMITERS, key=measure)
    if delimiter not in first:
        raise ValueError("its first line has no comma")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return [row for row in rows if any(cell.strip() for cell in row)]


def _read_json(text: str) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Reads StyleGAN's dataset.json: names, and one label or more of each."""
    labels = read_json(text)
    if isinstance(labels, dict):
        if "labels" not in labels:
            raise ValueError("it has no 'labels'")
        labels = labels["labels"]
    if labels is None:
        raise ValueError("its labels are null")
    pairs = labels
    if isinstance(labels, dict):
        pairs = [[*pair] for pair in labels.items()]
    if not isinstance(pairs, list):
        raise ValueError(f"its labels are {reprlib.repr(labels)}")
    rows = [_read_pair(pair) for pair in pairs]
    return [f"label{i}" for i in range(max(map(len, rows), default=0))], rows


def _read_pair(pair: Any) -> Sequence[str]:
    if not isinstance(pair, list) or len(pair) != 2:
        raise ValueError(f"{reprlib.repr(pair)} in it is no [name, label] pair")
    name, label = pair
    if not isinstance(name, str):
        raise ValueError(f"the name {reprlib.repr(name)} in it is no text")
    cells = label if isinstance(label, list) else [label]
    for cell in cells:
        is_number = isinstance(cell, float) and not math.isinf(cell)
        if cell is not None and not is_number and type(cell) not in _PLAIN:
            raise ValueError(
                f"{name!r} has the label {reprlib.repr(cell)}, which is no "
                "text or number"
            )
    return [name, *map(_write_cell, cells)]


def _write_cell(cell: Any) -> str:
    # Python's own writer has NaN where pandas has null.
    is_none = cell is None or cell != cell
    return "" if is_none else str(cell)


def _read_celeb_a(text: str) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Reads list_attr_celeba.txt: a count, headings, rows between spaces."""
    _, *rows = text.strip().splitlines()
    if not rows:
        raise ValueError("it has no headings")
    headings, *rows = rows
    return ("name", *headings.split()), [row.split() for row in rows]
