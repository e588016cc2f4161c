"""Which images of a collection are held out where no folders say it."""

import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from dcgan_tf.config import HOLD_OUT
from dcgan_tf.data.exclusion import check_any_left
from dcgan_tf.data.name_order import hash_name
from dcgan_tf.data.source import HeldOutRule
from dcgan_tf.setting_names import has_setting, name_setting

AUTO, LARGE, NONE, ONE_IN_20, ONE_IN_10 = HOLD_OUT

# From here on about one image in 20 tells enough; of fewer, one in 10.
LARGE_COUNT = 1_000
# Smaller collections have none to spare.
LEAST_COUNT = 20
# A distance takes two, precision and recall four.
_LEAST_HELD_OUT = 4
_EVERY = {ONE_IN_20: 20, ONE_IN_10: 10}
_IN_WORDS = {ONE_IN_20: "one in 20", ONE_IN_10: "one in 10"}


class NothingHeldOutError(ValueError):
    """A collection is so small that none of its images are held out."""


def resolve_rule(
    names: Sequence[str],
    hold_out: str,
    pages: Mapping[str, tuple[str, int]],
    also: tuple[str, ...] = (),
) -> HeldOutRule:
    """Decides what is held out of a collection as it is now.

    Args:
        names: Of the collection's images, less those to exclude.
        hold_out: Of `HOLD_OUT`; what goes by no number stays as it is.
        pages: Of a `Listing`.
        also: Of a rule that is resolved already.
    """
    if hold_out not in (AUTO, LARGE):
        return HeldOutRule(hold_out, also)
    if len(names) < (LARGE_COUNT if hold_out == LARGE else LEAST_COUNT):
        return HeldOutRule(NONE)
    files = _group_by_file(names, pages)
    found = ONE_IN_20 if len(names) >= LARGE_COUNT else ONE_IN_10
    chosen = [file for file in files if _is_chosen(file, found)]
    if len(chosen) == len(files):
        # Such as the one stack there is: nothing would be left to train on.
        return HeldOutRule(NONE)
    if found == ONE_IN_20:
        return HeldOutRule(found)
    count = sum(len(files[file]) for file in chosen)
    # Chance may have chosen too few of a handful.
    others, also = sorted(set(files) - set(chosen), key=hash_name), []
    while count < _LEAST_HELD_OUT and len(others) > 1:
        also.append(others.pop(0))
        count += len(files[also[-1]])
    return HeldOutRule(found, tuple(also))


def find_held_out(
    names: Sequence[str],
    rule: HeldOutRule,
    pages: Mapping[str, tuple[str, int]],
) -> frozenset[str]:
    """Chooses the images that are held out.

    By a hash of their names, so that they stay held out when images are
    added or left out, and those that are trained on stay so.
    All pages of a file go together, since they may be slices of one thing.

    Args:
        names: Of the collection's images, less those to exclude.
        rule: From `resolve_rule`.
        pages: Of a `Listing`.

    Returns:
        Names; none of a collection that is too small.
    """
    if rule.hold_out == NONE:
        return frozenset()
    files = _group_by_file(names, pages)
    return frozenset(
        name
        for file, own in files.items()
        if _is_chosen(file, rule.hold_out) or file in rule.also
        for name in own
    )


def _group_by_file(
    names: Sequence[str], pages: Mapping[str, tuple[str, int]]
) -> dict[str, list[str]]:
    files: dict[str, list[str]] = {}
    for name in names:
        files.setdefault(pages.get(name, (name, 0))[0], []).append(name)
    return files


def _is_chosen(file: str, hold_out: str) -> bool:
    return hash_name(file) % _EVERY[hold_out] == 0


def take_split(
    names: list[str],
    split: str,
    root: str | os.PathLike,
    rule: HeldOutRule,
    pages: Mapping[str, tuple[str, int]] = MappingProxyType({}),
) -> list[str]:
    """Chooses the images of a split where no folders say which they are.

    Args:
        names: Of the images, less those to exclude.
        split: `train`, `test` or `all`.
        root: The collection, for messages.
        rule: From `resolve_rule`.
        pages: Of a `Listing`.

    Raises:
        ValueError: If there are no images, or all are held out; a
            `NothingHeldOutError` if none are.
    """
    check_any_left(names, root)
    if split == "all":
        return names
    held_out = find_held_out(names, rule, pages)
    if split == "test" and not held_out:
        raise NothingHeldOutError(
            f"of the {len(names)} images of {root} none are held out from "
            "training"
            + (
                f"; name a folder of others with {name_setting('held_out_dir')}"
                if has_setting("held_out_dir")
                else ""
            )
            + (
                f", or train anew on {LEAST_COUNT} or more"
                if len(names) < LEAST_COUNT
                else ""
            )
        )
    if split == "train" and len(held_out) == len(names):
        together = ", all pages of a file together" if pages else ""
        raise ValueError(
            f"all {len(names)} images of {root} are held out from training, "
            f"{_IN_WORDS[rule.hold_out]} by a hash of the files' names"
            f"{together}; add other files to train on"
        )
    return [name for name in names if (name in held_out) == (split == "test")]
