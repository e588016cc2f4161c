"""Reads tables of labels: CSV, StyleGAN's dataset.json, or CelebA's text."""

import csv
import dataclasses
import hashlib
import io
import re
from collections.abc import Sequence

from dcgan_tf.config.json_text import read_json
from dcgan_tf.data.text_files import decode_text

_DELIMITERS = ",;\t|"
# Lines that tell which delimiter a file has.
_NUM_TRIED = 100


@dataclasses.dataclass(frozen=True)
class Table:
    """A table of labels as it was written.

    Attributes:
        path: Where it was read.
        headings: Of the columns; None where a first row may be these or may
            be an image's.
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
        if text.lstrip().startswith(("{", "[")):
            headings, rows = None, _read_json(text)
        elif re.match(r"\s*\d+\s*\n", text):
            headings, rows = _read_celeb_a(text)
        else:
            headings, rows = None, _read_csv(text)
        rows = [tuple(cell.strip() for cell in row) for row in rows]
        lengths = {len(row) for row in rows}
        if headings is not None:
            lengths.add(len(headings))
        if len(lengths) != 1 or min(lengths) < 2:
            raise ValueError(
                "its rows have "
                f"{' or '.join(map(str, sorted(lengths))) or 'no'} cells"
            )
    except (ValueError, TypeError, KeyError, csv.Error) as error:
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


def _read_json(text: str) -> list[Sequence[str]]:
    labels = read_json(text)
    if isinstance(labels, dict):
        labels = labels["labels"]
    if labels is None:
        raise ValueError("its labels are null")
    pairs = labels.items() if isinstance(labels, dict) else labels
    rows = []
    for name, label in pairs:
        cells = label if isinstance(label, list) else [label]
        rows.append((name, *("" if c is None else str(c) for c in cells)))
    if not all(isinstance(row[0], str) for row in rows):
        raise ValueError("a name in it is no text")
    return rows


def _read_celeb_a(text: str) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Reads list_attr_celeba.txt: a count, headings, rows between spaces."""
    _, headings, *rows = text.strip().splitlines()
    return ("name", *headings.split()), [row.split() for row in rows]
