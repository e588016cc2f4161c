"""Chooses a split's images in a folder or an archive, with their labels."""

import dataclasses
import functools
import logging
import os
from collections.abc import Callable
from typing import NamedTuple

from dcgan_tf.config import DataConfig
from dcgan_tf.data.exclusion import find_excluded
from dcgan_tf.data.files.archives import Archive
from dcgan_tf.data.files.folder_tree import FolderTree
from dcgan_tf.data.files.listing import Listing
from dcgan_tf.data.folders.folder_classes import (
    digest_folder_labels,
    find_folder_labels,
)
from dcgan_tf.data.folders.label_files import load_table
from dcgan_tf.data.held_out import LARGE, resolve_rule, take_split
from dcgan_tf.data.labels.assignment import Labels, assign_labels
from dcgan_tf.data.labels.class_labels import warn_of_gaps
from dcgan_tf.data.labels.table import Table
from dcgan_tf.data.name_order import hash_name
from dcgan_tf.data.source import HeldOutRule
from dcgan_tf.data.split_folders import (
    choose_split,
    find_beside_splits,
    find_common_folder,
    find_splits,
    resolve_split,
)

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class ChosenImages:
    """The images of a split, and their labels.

    Attributes:
        split: What it is called in the folder.
        names: Of its images, in their order.
        labels: Theirs.
        labels_fingerprint: What a table of labels adds to the source's
            fingerprint; empty for folders.
        held_out_rule: By which they were chosen; None where folders say it.
        num_held_out: Images that evaluation takes beside those of `train`.
        num_excluded: Images that a list leaves out, in all splits.
        description: Of how they were chosen, for the fingerprint.
        digest_labels: As of `Source`.
    """

    split: str
    names: list[str]
    labels: Labels
    labels_fingerprint: str
    held_out_rule: HeldOutRule | None
    num_held_out: int
    num_excluded: int
    description: str
    digest_labels: Callable[[], str]


def choose_images(
    tree: FolderTree | Archive,
    listing: Listing,
    data: DataConfig,
    split: str | None,
    excluded: frozenset[str],
    beside: list[str],
) -> ChosenImages:
    """Chooses the images of a split, and reads their labels.

    Args:
        tree: The folder or archive.
        listing: Its images.
        data: As of `load_folder`.
        split: The same.
        excluded: Names relative to the folder to leave out.
        beside: Names of the files in it that are no images: a table of labels
            may be one.

    Raises:
        FileNotFoundError: If the table of labels isn't there.
        ValueError: If the split is unknown or empty, or the table can't be
            used.
    """
    names = listing.names
    is_training = split is None
    left_out = find_excluded(excluded, names, tree.path, is_training)
    kept = [name for name in names if name not in left_out]
    # Runs of version 0.1.0 know neither splits nor a folder around all.
    root = find_common_folder(names) if data.folder_splits else ""
    split_folders = find_splits(names, root) if data.folder_splits else {}
    if data.folder_splits and is_training:
        _warn_beside_splits(tree.path, names, root)
    split = resolve_split(
        split_folders,
        split or data.split or "train",
        f"image folder {data.image_dir}",
    )
    found = None
    if data.labels is not None:
        table = load_table(data.labels, tree, beside)
        found = _read_table(table, tree, names, data, split_folders)
        kept = _drop_unlabelled(kept, found.labels, table)
    rule = None
    if split_folders:
        chosen = _take_folder(kept, split, split_folders, tree.path)
    else:
        rule = resolve_rule(
            kept, data.hold_out, listing.pages, data.hold_out_also
        )
        chosen = take_split(kept, split, tree.path, rule, listing.pages)
    if found is None:
        found = _read_folders(listing, kept, chosen, split, split_folders, root)
    if split == "train":
        by_name, label_names = found.labels.by_name, found.labels.label_names
        there = {by_name.get(name) for name in chosen}
        warn_of_gaps(there, label_names)
    return ChosenImages(
        split=split,
        names=sorted(chosen, key=hash_name),
        labels=found.labels,
        labels_fingerprint=found.fingerprint,
        held_out_rule=rule,
        num_held_out=_count_held_out(kept, chosen, split, split_folders),
        num_excluded=len(left_out),
        description=f"{split}{_describe_rule(rule, kept, listing)}"
        f"{' folder' if split_folders else ''}{f' in {root}' if root else ''}",
        digest_labels=found.digest,
    )


class _FoundLabels(NamedTuple):
    """Labels, and what tells them from others.

    Attributes:
        labels: Of the images.
        fingerprint: As `ChosenImages.labels_fingerprint`.
        digest: As `ChosenImages.digest_labels`.
    """

    labels: Labels
    fingerprint: str
    digest: Callable[[], str]


def _read_table(
    table: Table,
    tree: FolderTree | Archive,
    names: list[str],
    data: DataConfig,
    split_folders: dict[str, list[str]],
) -> _FoundLabels:
    labels = assign_labels(
        table,
        names,
        data.condition_on,
        # What is for tests often has no labels.
        split_folders.get("train"),
        root=os.path.abspath(tree.path),
    )
    digest = f" {table.digest} {data.condition_on}"
    return _FoundLabels(labels, digest, lambda: digest)


def _read_folders(
    listing: Listing,
    kept: list[str],
    chosen: list[str],
    split: str,
    split_folders: dict[str, list[str]],
    root: str,
) -> _FoundLabels:
    labels = find_folder_labels(kept, chosen, split_folders, root)
    if not labels.label_names:
        return _FoundLabels(labels, "", str)
    own = (listing, split, split_folders, root)
    digest = functools.cache(functools.partial(digest_folder_labels, *own))
    return _FoundLabels(labels, "", digest)


def _warn_beside_splits(path: str, names: list[str], root: str) -> None:
    beside = find_beside_splits(names, root)
    if beside is not None:
        _log.warning(
            "%s: all images are trained on, those for tests too, as not only "
            "folders such as train and test are there but also %s; move that, "
            "or name the folder train itself",
            path,
            beside,
        )


def _drop_unlabelled(
    names: list[str], labels: Labels, table: Table
) -> list[str]:
    kept = [name for name in names if name in labels.by_name]
    if len(kept) < len(names):
        missing = next(name for name in names if name not in labels.by_name)
        _log.warning(
            "%s images, such as %s, are left out: %s has no label for them",
            f"{len(names) - len(kept):,}",
            missing,
            table.path,
        )
    return kept


def _describe_rule(
    rule: HeldOutRule | None, kept: list[str], listing: Listing
) -> str:
    """Marks where another rule than version 0.1.0's chooses other images."""
    if rule in (None, resolve_rule(kept, LARGE, listing.pages)):
        return ""
    return f" hold_out {rule}"


def _count_held_out(
    kept: list[str],
    chosen: list[str],
    split: str,
    split_folders: dict[str, list[str]],
) -> int:
    """Counts the images that evaluation takes beside those of `train`."""
    if split != "train":
        return 0
    if not split_folders:
        return len(kept) - len(chosen)
    test = choose_split(split_folders, "test")
    return len(set(split_folders.get(test, ())).intersection(kept))


def _take_folder(
    kept: list[str], split: str, split_folders: dict, root: str
) -> list[str]:
    if split == "all":
        chosen = kept
    else:
        chosen = sorted(set(split_folders[split]).intersection(kept))
    if not chosen:
        raise ValueError(
            f"every image of {split!r} in image folder {root} is excluded, or "
            "has no label in the table"
        )
    return chosen
