"""Labels from a table: CSV, StyleGAN's dataset.json, or CelebA's text."""

import csv
import dataclasses
import hashlib
import io
import itertools
import json
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from dcgan_tf.data.text_files import decode_text, normalize_name
from dcgan_tf.setting_names import name_setting

_log = logging.getLogger(__name__)

# Headings of the column that has the files' names, where it isn't the first.
_NAME_HEADINGS = frozenset(
    "file filename file_name filepath image image_id image_name image_path "
    "img path".split()
)
_CLASS_HEADINGS = ("label", "class", "category", "target")
_DELIMITERS = ",;\t|"
# Words for an attribute that an image hasn't, and has.
_ATTRIBUTE_WORDS = {
    "0": 0, "-1": 0, "0.0": 0, "false": 0, "no": 0,
    "1": 1, "1.0": 1, "true": 1, "yes": 1,
}  # fmt: skip
# Of a collection that is really the table's, more are listed.
_LEAST_LISTED = 0.5
# Rows that tell which column has the files' names.
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


@dataclasses.dataclass(frozen=True)
class Labels:
    """The labels of a collection's images.

    Attributes:
        by_name: An image's class or, of attributes, a tuple of zeros and
            ones; images that the table doesn't list aren't in it.
        label_names: Of classes; empty for attributes.
        attribute_names: Of attributes; empty for classes.
    """

    by_name: Mapping[str, int | tuple[int, ...]]
    label_names: tuple[str, ...] = ()
    attribute_names: tuple[str, ...] = ()


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


def assign_labels(
    table: Table,
    names: Sequence[str],
    column: str | None = None,
    needed: Sequence[str] | None = None,
    root: str = "",
) -> Labels:
    """Finds each image's label in a table.

    Names in the table are those relative to the folder, to one around it or
    inside it, or files' own; all also without their suffix.

    Args:
        table: From `read_table`.
        names: Of the collection's images.
        column: Heading of the column to take; None for the only one, or
            the one that is called `label` or `class`, or all where all are
            attributes.
        needed: Of the images, those that the table is of; None for all.
        root: The collection's path, whose end a table's names may begin
            with.

    Raises:
        ValueError: If there is no such column, it isn't clear which, it is
            empty, or over half of the images that need it aren't listed.
    """
    lookup = _Lookup(names, root)
    find_name = lookup.find
    headings, rows = table.headings, table.rows
    name_column = 0
    if headings is None:
        name_column = _find_name_column(rows, find_name)
        if find_name(rows[0][name_column]) is None:
            headings, rows = tuple(map(_reread, rows[0])), rows[1:]
    if headings is None:
        headings = [f"label{i}" for i in range(len(rows[0]))]
    by_name, others, rests = {}, [], {}
    for row in rows:
        name, rest = lookup.find_with_rest(row[name_column])
        if name is None or rest > rests.get(name, rest):
            continue
        row = tuple(map(_reread, row))
        if rest == rests.get(name):
            others.append((name, by_name[name]))
        by_name[name], rests[name] = row, rest
    needed = names if needed is None else needed
    num_listed = sum(name in by_name for name in needed)
    _warn_of_ambiguous(table.path, lookup.ambiguous, num_listed, len(needed))
    if num_listed < _LEAST_LISTED * len(needed):
        raise ValueError(
            f"labels {table.path} list {num_listed} of the {len(needed)} "
            f"images, such as {needed[0]!r}, and name others such as "
            f"{rows[0][name_column] if rows else ''!r}; give the table of this "
            "collection"
        )
    columns = [i for i in range(len(headings)) if i != name_column]
    columns = _choose_columns(table.path, headings, columns, by_name, column)
    _warn_of_repeated(table.path, by_name, others, columns)
    if len(columns) > 1:
        return Labels(
            {
                name: tuple(_read_attribute(row[i]) for i in columns)
                for name, row in by_name.items()
            },
            attribute_names=tuple(headings[i] for i in columns),
        )
    values = {name: row[columns[0]] for name, row in by_name.items()}
    if column is not None and _are_attributes(values.values()):
        return name_attribute(
            {name: _read_attribute(value) for name, value in values.items()},
            headings[columns[0]],
        )
    if not any(values.values()):
        raise ValueError(
            f"labels {table.path} are empty: their column "
            f"{headings[columns[0]]!r} has no text in it"
        )
    return _make_classes(values)


def _warn_of_ambiguous(
    path: str, ambiguous: Mapping[str, str], num_listed: int, num_needed: int
) -> None:
    """Says which names may be several images'; refuses if most are.

    Raises:
        ValueError: If too few others are listed.
    """
    if not ambiguous:
        return
    message = (
        f"labels {path}: {len(ambiguous):,} names, such as "
        f"{next(iter(ambiguous))!r}, may be of several images each; write "
        "their folders too"
    )
    if num_listed < _LEAST_LISTED * num_needed:
        raise ValueError(message)
    _log.warning("%s", message)


def _find_name_column(
    rows: Sequence[Sequence[str]], find_name: Callable[[str], str | None]
) -> int:
    """Finds the column of names: by the first row, or by what is in it."""
    if find_name(rows[0][0]) is not None:
        return 0
    for column, heading in enumerate(rows[0]):
        if heading.lower() in _NAME_HEADINGS:
            return column

    def count(column):
        some = rows[:_NUM_TRIED]
        return sum(find_name(row[column]) is not None for row in some)

    return max(range(len(rows[0])), key=count)  # The first of equals.


def _warn_of_repeated(
    path: str,
    rows: Mapping[str, Sequence[str]],
    others: Sequence[tuple[str, Sequence[str]]],
    columns: Sequence[int],
) -> None:
    """Says which images have other labels in earlier rows."""
    names = {
        name: None
        for name, row in others
        if any(row[i] != rows[name][i] for i in columns)
    }
    if names:
        _log.warning(
            "labels %s: %s images, such as %s, have several labels; the last "
            "one of each is taken",
            path,
            f"{len(names):,}",
            next(iter(names)),
        )


def _choose_columns(
    path: str,
    headings: Sequence[str],
    columns: Sequence[int],
    rows: Mapping[str, Sequence[str]],
    wanted: str | None,
) -> Sequence[int]:
    """Chooses the column of classes, or all where all are attributes."""
    listing = ", ".join(headings[i] for i in columns)
    if wanted is not None:
        found = [i for i in columns if headings[i].lower() == wanted.lower()]
        if not found:
            raise ValueError(
                f"labels {path} have no column {wanted!r} to condition on; "
                f"they have {listing}"
            )
        return found[:1]
    if len(columns) == 1:
        return columns
    for i in columns:
        if headings[i].lower() in _CLASS_HEADINGS:
            return [i]
    if all(_are_attributes(row[i] for row in rows.values()) for i in columns):
        return columns
    raise ValueError(
        f"labels {path} have the columns {listing}; say which one to take "
        f"with {name_setting('condition_on', 'NAME')}"
    )


def name_attribute(values: Mapping[str, int], name: str) -> Labels:
    """Makes two classes of an attribute: without it, and with it."""
    return Labels(values, name_classes(name))


def name_classes(attribute: str) -> tuple[str, str]:
    """Names the two classes of an attribute that is conditioned on."""
    return f"not {attribute}", attribute


def _make_classes(values: Mapping[str, str]) -> Labels:
    """Numbers the classes in order: numbers by value, texts by alphabet."""
    values = {name: value for name, value in values.items() if value}
    try:
        names = sorted(set(values.values()), key=int)
    except ValueError:
        names = sorted(set(values.values()))
    numbers = {name: number for number, name in enumerate(names)}
    return Labels(
        {name: numbers[value] for name, value in values.items()}, tuple(names)
    )


def _are_attributes(values: Iterable[str]) -> bool:
    return {value.lower() for value in values} <= set(_ATTRIBUTE_WORDS)


def _read_attribute(value: str) -> int:
    return _ATTRIBUTE_WORDS[value.lower()]


class _Lookup:
    """Finds an image by what a table calls it.

    Args:
        names: Of the collection's images.
        root: The collection's path.

    Attributes:
        ambiguous: What may mean several images and so means none, to two of
            these.
    """

    def __init__(self, names: Sequence[str], root: str):
        # Names, and their ends, with and without suffixes: the more a key
        # says, the earlier it counts.
        self._indexes: list[dict[str, str | None]] = [{}, {}, {}, {}]
        self._root = normalize_name(root).split("/")
        self._names = names
        self.ambiguous: dict[str, str] = {}
        for name in names:
            ends = [*_list_ends(normalize_name(name))]
            stems = [os.path.splitext(end)[0] for end in ends]
            keys = (ends[:1], stems[:1], ends, stems)
            for index, own in zip(self._indexes, keys, strict=True):
                for key in own:
                    index[key] = name if key not in index else None

    def find(self, written: str) -> str | None:
        """Returns the image's name; None if it is none's, or several'."""
        return self.find_with_rest(written)[0]

    def find_with_rest(self, written: str) -> tuple[str | None, int]:
        """Returns also how many folders it is said to be in and isn't.

        Where the collection is `pets/train`, `test/1.png` is `1.png` too, but
        not as much as `train/1.png` is.
        """
        for text in dict.fromkeys((written, _reread(written))):
            path = text.replace("\\", "/").removeprefix("./").lstrip("/")
            path = normalize_name(path)
            for end in _list_ends(path):
                for index in self._indexes:
                    if index.get(end) is not None:
                        outer = path.removesuffix(end).rstrip("/")
                        return index[end], self._count_others(outer)
                    if end in index:
                        self.ambiguous.setdefault(written, end)
        return None, 0

    def _count_others(self, outer: str) -> int:
        """Counts outer folders that aren't those around the collection."""
        parts = outer.split("/") if outer else []
        pairs = zip(reversed(parts), reversed(self._root), strict=False)
        same = [*itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)]
        return len(parts) - len(same)


def _list_ends(path: str) -> Iterator[str]:
    """Yields a path, then it without its outer folders, one by one."""
    yield path
    while "/" in path:
        path = path.partition("/")[2]
        yield path


def _reread(text: str) -> str:
    """Reads a text that isn't UTF-8 as Windows' programs write it."""
    if text.isascii() or not any("\udc80" <= c <= "\udcff" for c in text):
        return text
    return os.fsencode(text).decode("cp1252", "replace")


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
    labels = json.loads(text)
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
