"""Opens a folder or an archive of images, nested or flat, as a `Source`."""

import dataclasses
import functools
import itertools
import logging
import os
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from dcgan_tf.config import DataConfig
from dcgan_tf.data.exclusion import find_excluded
from dcgan_tf.data.files.archives import Archive, open_tree
from dcgan_tf.data.files.file_formats import READABLE
from dcgan_tf.data.files.folder_tree import FolderTree
from dcgan_tf.data.files.image_files import ImageFiles, measure_collection
from dcgan_tf.data.files.level_range import UPPER_BYTE
from dcgan_tf.data.files.listing import Listing, hash_name, list_images
from dcgan_tf.data.folder_classes import (
    digest_folder_labels,
    find_folder_labels,
)
from dcgan_tf.data.held_out import (
    LARGE,
    resolve_rule,
    take_split,
)
from dcgan_tf.data.label_table import (
    Labels,
    Table,
    assign_labels,
    read_table,
)
from dcgan_tf.data.preprocess.colours import parse_colour
from dcgan_tf.data.skipped import Skipped
from dcgan_tf.data.source import HeldOutRule, Source
from dcgan_tf.data.split_folders import (
    choose_split,
    find_beside_splits,
    find_common_folder,
    find_splits,
)

_log = logging.getLogger(__name__)

_SPLITS = ("train", "test", "all")


def load_folder(
    data: DataConfig, split: str | None, excluded: frozenset[str] = frozenset()
) -> Source:
    """Lists the images of a folder or an archive; decodes only a few yet.

    The order is by a hash of the names, so that any few in a row are a fair
    sample. Splits are `train`, `test` and `all`: what `find_held_out` chooses
    is `test`. Where every image lies in one of several
    subfolders, those are its classes; a folder around all of them is passed
    over. Folders `train` and `test` (or `val`,
    `valid`, `validation`) are splits, with the classes inside; a split whose
    images are in none of `train`'s classes has no labels. A table of labels
    takes the place of folders; images that it doesn't list are left out.

    Args:
        data: `image_dir`, `split`, `folder_splits`, `hold_out`,
            `hold_out_also`, `labels`, `condition_on`, `alpha`, `all_pages`,
            `level_range`, `crop` and `background` are used.
        split: As for `load_source`.
        excluded: Names relative to the folder to leave out.

    Returns:
        The source. An image that turns out unreadable when decoded is
        replaced by the next one that isn't.

    Raises:
        FileNotFoundError: If there is no folder or archive.
        ValueError: If it holds no image, over half of its files are none,
            it is a damaged archive, or the split is unknown or empty.
    """
    root = Path(os.path.expanduser(data.image_dir))
    tree = open_tree(root)
    parse_colour(data.background)  # A bad one fails here, not in a thread.
    listing, skipped = _list_images(tree, data)
    choice = _choose_images(
        tree, listing, data, split, excluded, skipped.beside
    )
    skipped.num_read = len(choice.names) + len(skipped)
    level_range = data.level_range
    if level_range is None:
        level_range = measure_collection(tree, listing, skipped)
    files = ImageFiles(
        tree,
        choice.names,
        listing.pages,
        choice.labels,
        skipped,
        background=data.background,
        level_range=level_range or UPPER_BYTE,
        crop=data.crop,
        alpha=data.alpha,
    )
    files.probe()
    num_examples = len(choice.names)
    return Source(
        name=str(root),
        split=choice.split,
        num_examples=num_examples,
        held_out_rule=choice.held_out_rule,
        num_held_out=choice.num_held_out,
        fingerprint=f"{listing.digest} {sorted(excluded)} {choice.description}"
        f"{f' {level_range}' if listing.deep else ''}{choice.labels_digest}",
        read_all=lambda: files.read(tf.data.Dataset.range(num_examples)),
        read=files.read,
        name_of=choice.names.__getitem__,
        label_names=choice.labels.label_names,
        attribute_names=choice.labels.attribute_names,
        digest_labels=choice.digest_labels,
        num_excluded=choice.num_excluded,
        fingerprint_images=lambda: listing.images_fingerprint,
        skipped=skipped,
        level_range=level_range,
    )


def _list_images(
    tree: FolderTree | Archive, data: DataConfig
) -> tuple[Listing, Skipped]:
    """Lists the images, of which there must be one, and what is left out."""
    skipped = Skipped(collection=str(tree.path))
    listing = list_images(tree, skipped, data.all_pages)
    skipped.num_files = len(listing.names) + len(skipped)
    skipped.own_output = (*listing.own_folders, *listing.own_images)
    if not listing.names:
        raise ValueError(
            f"{tree.kind} {tree.path} holds no image"
            f"{_describe_others(skipped)}; {READABLE} can be read"
        )
    skipped.check()
    return listing, skipped


@dataclasses.dataclass(frozen=True)
class _Choice:
    """The images of a split, and their labels.

    Attributes:
        split: What it is called in the folder.
        names: Of its images, in their order.
        labels: Theirs.
        labels_digest: Of a table of labels; empty for folders.
        held_out_rule: By which they were chosen; None where folders say it.
        num_held_out: Images that evaluation takes beside those of `train`.
        num_excluded: Images that a list leaves out, in all splits.
        description: Of how they were chosen, for the fingerprint.
        digest_labels: As of `Source`.
    """

    split: str
    names: list[str]
    labels: Labels
    labels_digest: str
    held_out_rule: HeldOutRule | None
    num_held_out: int
    num_excluded: int
    description: str
    digest_labels: Callable[[], str]


def _choose_images(
    tree: FolderTree | Archive,
    listing: Listing,
    data: DataConfig,
    split: str | None,
    excluded: frozenset[str],
    beside: list[str],
) -> _Choice:
    names = listing.names
    is_training = split in (None, "train")
    left_out = find_excluded(excluded, names, tree.path, is_training)
    kept = [name for name in names if name not in left_out]
    # Runs of version 0.1.0 know neither splits nor a folder around all.
    root = find_common_folder(names) if data.folder_splits else ""
    split_folders = find_splits(names, root) if data.folder_splits else {}
    if data.folder_splits and is_training:
        _warn_beside_splits(tree.path, names, root)
    split = _choose_split(data, split, split_folders)
    labels, digest, digest_labels = None, "", str
    if data.labels is not None:
        table = _load_table(data.labels, tree, beside)
        # What is for tests often has no labels.
        labels = assign_labels(
            table, names, data.condition_on, split_folders.get("train")
        )
        digest = f" {table.digest} {data.condition_on}"
        digest_labels = digest.__str__
        kept = _drop_unlabelled(kept, labels, table)
    rule = None
    if split_folders:
        chosen = _take_folder(kept, split, split_folders, tree.path)
    else:
        rule = resolve_rule(
            kept, data.hold_out, listing.pages, data.hold_out_also
        )
        chosen = take_split(kept, split, tree.path, rule, listing.pages)
    if labels is None:
        labels = find_folder_labels(kept, chosen, split_folders, root)
        if labels.label_names:
            own = (listing, split, split_folders, root)
            digest_labels = functools.cache(
                functools.partial(digest_folder_labels, *own)
            )
    return _Choice(
        split,
        sorted(chosen, key=hash_name),
        labels,
        digest,
        rule,
        _count_held_out(kept, chosen, split, split_folders),
        len(left_out),
        f"{split}{_describe_rule(rule, kept, listing)}"
        f"{' folder' if split_folders else ''}{f' in {root}' if root else ''}",
        digest_labels,
    )


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


def _load_table(
    path: str, tree: FolderTree | Archive, beside: list[str]
) -> Table:
    """Reads a table of labels where it is, or else among the images.

    Args:
        path: As it was given.
        tree: The collection.
        beside: Names of the files in it that are no images.
    """
    try:
        if os.path.exists(path):
            with open(path, "rb") as file:
                return read_table(path, file.read())
        name = _find_table(path, tree.path, beside)
        with tree.open(name) as file:
            return read_table(f"{tree.path}/{name}", file.read())
    except FileNotFoundError:
        raise FileNotFoundError(
            f"labels {path} are not there, nor is a file of that name in "
            f"{tree.path}"
        ) from None
    except OSError as error:
        raise OSError(
            f"labels {path} can't be read ({error.strerror}); name a table, "
            "as .csv, .txt or .json"
        ) from None


def _find_table(path: str, root: str, beside: list[str]) -> str:
    """Finds the file in a collection that a path may mean.

    That is the one whose path ends most as the given one does and, of
    several, the one that lies highest.
    """
    wanted = path.split("/")[::-1]

    def measure(name):
        parts = name.split("/")
        pairs = zip(wanted, parts[::-1], strict=False)
        num_equal = len([*itertools.takewhile(lambda p: p[0] == p[1], pairs)])
        return -num_equal, len(parts)

    found = [n for n in beside if n.rpartition("/")[2] == wanted[0]]
    if not found:
        # What lies among the images may be named as one, which says why not.
        return wanted[0]
    found.sort(key=lambda name: (*measure(name), name))
    if len(found) > 1 and measure(found[0]) == measure(found[1]):
        raise ValueError(
            f"labels {path} may be {found[0]} or {found[1]} in {root}; name "
            "the folder too"
        )
    return found[0]


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


def _describe_others(skipped: Skipped) -> str:
    parts = []
    if len(skipped):
        parts.append(f"skipped: {skipped.summarize()}")
    if skipped.beside:
        parts.append(f"no images: {skipped.summarize_beside()}")
    if skipped.hidden:
        parts.append(f"hidden: {skipped.summarize_hidden()}")
    return f" ({'; '.join(parts)})" if parts else ""


def _choose_split(
    data: DataConfig, split: str | None, split_folders: dict[str, list[str]]
) -> str:
    if split in (None, "train"):
        split = data.split or "train"
    if split_folders:
        split = choose_split(split_folders, split)
    available = (*split_folders, "all") if split_folders else _SPLITS
    if split not in available:
        raise ValueError(
            f"image folder {data.image_dir} has no split {split!r}; it has "
            f"{', '.join(available)}"
        )
    return split


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
