"""Which images of a collection are held out where no folders say it."""

import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from dcgan_tf.config import HOLD_OUT
from dcgan_tf.data.files.listing import hash_name
from dcgan_tf.setting_names import name_setting

AUTO, LARGE, NONE = HOLD_OUT

# From here on about one image in 20 tells enough; of fewer, one in 10.
LARGE_COUNT = 1_000
# Smaller collections have none to spare.
LEAST_COUNT = 20
# A distance takes two, precision and recall four.
_LEAST_HELD_OUT = 4
_LARGE_EVERY, _SMALL_EVERY = 20, 10


def find_held_out(
    names: Sequence[str],
    hold_out: str,
    pages: Mapping[str, tuple[str, int]],
) -> frozenset[str]:
    """Chooses the images that are held out.

    By a hash of their names, so that they stay held out when images are
    added: those of a collection that grows large are among those of before.
    All pages of a file go together, since they may be slices of one thing.

    Args:
        names: Of the collection's images, less those to exclude.
        hold_out: Of `HOLD_OUT`.
        pages: Of a `Listing`.

    Returns:
        Names; none of a collection that is too small.
    """
    is_large = len(names) >= LARGE_COUNT
    if hold_out == NONE or (hold_out == LARGE and not is_large):
        return frozenset()
    if len(names) < LEAST_COUNT:
        return frozenset()
    files: dict[str, list[str]] = {}
    for name in names:
        files.setdefault(pages.get(name, (name, 0))[0], []).append(name)
    if is_large:
        chosen = [f for f in files if hash_name(f) % _LARGE_EVERY == 0]
        return frozenset(name for file in chosen for name in files[file])
    hashes = {file: hash_name(file) for file in files}
    chosen = [f for f in files if hashes[f] % _SMALL_EVERY == 0]
    held_out = [name for file in chosen for name in files[file]]
    # Chance may have chosen too few of a handful.
    others = sorted(set(files) - set(chosen), key=hashes.__getitem__)
    while len(held_out) < _LEAST_HELD_OUT and len(others) > 1:
        held_out += files[others.pop(0)]
    return frozenset(held_out)


def take_split(
    names: list[str],
    split: str,
    root: str | os.PathLike,
    hold_out: str,
    pages: Mapping[str, tuple[str, int]] = MappingProxyType({}),
) -> list[str]:
    """Chooses the images of a split where no folders say which they are.

    Args:
        names: Of the images, less those to exclude.
        split: `train`, `test` or `all`.
        root: The collection, for messages.
        hold_out: Of `config.HOLD_OUT`.
        pages: Of a `Listing`.

    Raises:
        ValueError: If there are no images, or none are held out.
    """
    if not names:
        raise ValueError(f"every image in image folder {root} is excluded")
    if split == "all":
        return names
    held_out = find_held_out(names, hold_out, pages)
    if split == "test" and not held_out:
        raise ValueError(
            f"of the {len(names)} images of {root} none are held out from "
            "training; name a folder of others with "
            f"{name_setting('held_out_dir')}"
            + (
                f", or train anew on {LEAST_COUNT} or more"
                if len(names) < LEAST_COUNT
                else ""
            )
        )
    return [name for name in names if (name in held_out) == (split == "test")]
