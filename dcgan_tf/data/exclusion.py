"""Lists of images to leave out, and which images they name."""

import logging
import os
from collections.abc import Sequence, Sized

from dcgan_tf.setting_names import name_setting

_log = logging.getLogger(__name__)


def load_excluded(path: str | None) -> frozenset[str]:
    """Reads the names in a list; none where there is no list.

    Raises:
        OSError: If it can't be read.
    """
    if path is None:
        return frozenset()
    try:
        # Names are bytes; those that are not UTF-8 survive this round trip.
        # Windows' editors begin a file with a byte-order mark.
        with open(
            path, encoding="utf-8-sig", errors="surrogateescape"
        ) as lines:
            return frozenset(
                line.rstrip("\n") for line in lines if line.strip()
            )
    except OSError as error:
        raise type(error)(
            f"the list of images to exclude {path} can't be read "
            f"({error.strerror}); name a text file of names, one a line"
        ) from None


def find_excluded(
    excluded: frozenset[str],
    names: Sequence[str],
    path: str,
    is_told: bool = True,
) -> frozenset[str]:
    """Finds the images of a collection that a list names.

    A name that is none as it stands may be written as a path: from `.` or
    from the root, with backslashes, or with spaces around it.

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
        missing[name.removeprefix("./")] = written
    rewritten = missing.keys() & set(names) if missing else set()
    lost = [missing[name] for name in missing.keys() - rewritten]
    found |= rewritten
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
