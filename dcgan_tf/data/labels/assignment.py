"""Gives the images of a collection their labels from a table."""

import dataclasses
import decimal
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from dcgan_tf.data.files.file_formats import has_image_suffix
from dcgan_tf.data.labels.image_lookup import ImageLookup, reread
from dcgan_tf.data.labels.table import Table
from dcgan_tf.setting_names import name_setting

_log = logging.getLogger(__name__)

# Headings of the column that has the files' names, where it isn't the first.
_NAME_HEADINGS = frozenset(
    "file filename file_name filepath image image_id image_name image_path "
    "img path".split()
)
_CLASS_HEADINGS = ("label", "class", "category", "target")
# Words for an attribute that an image hasn't, and has.
_ATTRIBUTE_WORDS = {
    "0": 0, "-1": 0, "0.0": 0, "false": 0, "no": 0,
    "1": 1, "1.0": 1, "true": 1, "yes": 1,
}  # fmt: skip
# Of a collection that is really the table's, more are listed.
_LEAST_LISTED = 0.5


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
    lookup = ImageLookup(names, root)
    name_column, headings, rows = _find_headings(table, lookup)
    lookup.ambiguous.clear()  # What is in other columns names no images.
    by_name, others = _match_rows(rows, name_column, lookup)
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
    # Where one is blank, an image has no label.
    cells = {
        name: [row[i] for i in columns]
        for name, row in by_name.items()
        if all(row[i] for i in columns)
    }
    if not cells:
        listing = ", ".join(repr(headings[i]) for i in columns)
        what = f"their column {listing} has no text in it"
        if len(columns) > 1:
            what = f"no row has text in each of the columns {listing}"
        raise ValueError(f"labels {table.path} are empty: {what}")
    if len(columns) > 1:
        return Labels(
            {
                name: tuple(map(_read_attribute, row))
                for name, row in cells.items()
            },
            attribute_names=tuple(headings[i] for i in columns),
        )
    values = {name: row[0] for name, row in cells.items()}
    if column is not None and _are_attributes(values.values()):
        return name_attribute(
            {name: _read_attribute(value) for name, value in values.items()},
            headings[columns[0]],
        )
    return _make_classes(values)


def _find_headings(
    table: Table, lookup: ImageLookup
) -> tuple[int, Sequence[str], list[tuple[str, ...]]]:
    """Returns the column of names, all columns' headings, and other rows."""
    rows = table.rows
    if table.headings is not None:
        return 0, table.headings, rows
    name_column = _find_name_column(rows, lookup.find)
    if _is_heading(rows[0][name_column], lookup):
        return name_column, tuple(map(reread, rows[0])), rows[1:]
    return name_column, [f"label{i}" for i in range(len(rows[0]))], rows


def _is_heading(cell: str, lookup: ImageLookup) -> bool:
    """Whether a first cell is of no image, be it of this collection or not."""
    is_name = has_image_suffix(cell) or cell.isdecimal()
    return not is_name and lookup.find(cell) is None


def _match_rows(
    rows: list[tuple[str, ...]], name_column: int, lookup: ImageLookup
) -> tuple[dict[str, tuple[str, ...]], list[tuple[str, tuple[str, ...]]]]:
    """Returns images' rows by their names, and earlier rows of the same.

    Of several rows the one that fits an image's folders best counts and, of
    equals, the last.
    """
    by_name, others, rests = {}, [], {}
    for row in rows:
        name, rest = lookup.find_with_rest(row[name_column])
        if name is None or rest > rests.get(name, rest):
            continue
        if rest == rests.get(name):
            others.append((name, by_name[name]))
        by_name[name], rests[name] = tuple(map(reread, row)), rest
    return by_name, others


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
    headings = [heading.lower() for heading in rows[0]]
    if find_name(rows[0][0]) is None:
        for column, heading in enumerate(headings):
            if heading in _NAME_HEADINGS:
                return column

    def count(column):
        # Different ones: a few classes' numbers may be names of images too.
        cells = {row[column] for row in rows}
        return len({find_name(cell) for cell in cells} - {None})

    others = [i for i, h in enumerate(headings) if h not in _CLASS_HEADINGS]
    # The first of equals.
    return max(others or range(len(headings)), key=count)


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
    # A comma that ends each line makes a column of nothing.
    columns = [
        i
        for i in columns
        if headings[i] or any(row[i] for row in rows.values())
    ] or columns
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
    names = sorted({*values.values()})
    try:
        found = {name: decimal.Decimal(name) for name in names}
    except decimal.InvalidOperation:
        found = {}
    if found and all(number.is_finite() for number in found.values()):
        names.sort(key=found.__getitem__)
    numbers = {name: number for number, name in enumerate(names)}
    return Labels(
        {name: numbers[value] for name, value in values.items()}, tuple(names)
    )


def _are_attributes(values: Iterable[str]) -> bool:
    """Whether all values are an attribute's words, or blank."""
    words = {value.lower() for value in values if value}
    return words <= set(_ATTRIBUTE_WORDS)


def _read_attribute(value: str) -> int:
    return _ATTRIBUTE_WORDS[value.lower()]
