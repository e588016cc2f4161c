"""Lists of images to leave out, and which images they name."""

import logging
import os
from collections.abc import Sequence, Sized

from dcgan_tf.data.text_files import (
    decode_text,
    normalize_name,
    read_text_file,
)
from dcgan_tf.setting_names import name_setting

_log = logging.getLogger(__name__)


def load_excluded(path: str | None) -> frozenset[str]:
    """Reads the names in a list; none where there is no list.

    Raises:
        ValueError: If it is a pipe or a device.
        OSError: If it can't be read.
    """
    if path is None:
        return frozenset()
    try:
        text = decode_text(read_text_file(path))
    except OSError as error:
        raise type(error)(
            f"the list of images to exclude {path} can't be read "
            f"({error.strerror}); name a text file of names, one a line"
        ) from None
    return frozenset(_split_lines(text))


def _split_lines(text: str) -> list[str]:
    # A name may have a carriage return, unless lines end with one.
    newline = "\n" if "\n" in text else "\r"
    lines = text.replace("\r\n", "\n").split(newline)
    return [line for line in lines if line.strip()]


def can_be_listed(name: str) -> bool:
    """Whether an image's name stays what it is in a list, one a line."""
    contents = f"{name}\n".encode(errors="surrogateescape")
    return _split_lines(decode_text(contents)) == [name]


def find_excluded(
    excluded: frozenset[str],
    names: Sequence[str],
    path: str,
    is_told: bool = True,
) -> frozenset[str]:
    """Finds the images of a collection that a list names.

    A name that is none as it stands may be written as a path: from `.` or
    from the root, with backslashes, or with spaces around it; or with its
    accents composed otherwise.

    Args:
        excluded: From `load_excluded`.
        names: Of all images, with forward slashes.
        path: The collection.
        is_told: Whether to warn of what the list names and isn't there, if
            any of it is.

    Returns:
        Of `names`, those to leave out.
    """
    root = f"{os.path.abspath(path)}/"
    found = excluded.intersection(names)
    missing = {}
    for written in excluded - found:
        name = written.strip().replace("\\", "/").removeprefix(root)
        missing[normalize_name(name.removeprefix("./"))] = written
    own = {normalize_name(name): name for name in names} if missing else {}
    rewritten = missing.keys() & own.keys()
    lost = [missing[name] for name in missing.keys() - rewritten]
    found |= {own[name] for name in rewritten}
    if found and lost and is_told:
        _log.warning(
            "%s of the %s images to exclude, such as %r, are not in %s",
            f"{len(lost):,}",
            f"{len(excluded):,}",
            min(lost),
            path,
        )
    return found


def check_any_left(names: Sized, collection: str | os.PathLike) -> None:
    """Refuses a list that leaves none of a collection's images.

    Args:
        names: Of the images that are left.
        collection: Where from, for the message.

    Raises:
        ValueError: If there are none.
    """
    if not len(names):
        raise ValueError(
            f"every image of {collection} is excluded; shorten the list "
            f"({name_setting('exclude')})"
        )
