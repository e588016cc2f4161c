"""Opens a folder or an archive of images, nested or flat, as a `Source`."""

import os
from pathlib import Path

import tensorflow as tf

from dcgan_tf.config import DataConfig, parse_colour
from dcgan_tf.data.files.archives import Archive, open_tree
from dcgan_tf.data.files.file_formats import READABLE
from dcgan_tf.data.files.folder_tree import FolderTree
from dcgan_tf.data.files.image_files import ImageFiles, measure_collection
from dcgan_tf.data.files.level_range import UPPER_BYTE
from dcgan_tf.data.files.listing import Listing, list_images
from dcgan_tf.data.folders.chosen_images import choose_images
from dcgan_tf.data.skipped import Skipped
from dcgan_tf.data.source import Source


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
        split: Its name; None for what is trained on.
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
    choice = choose_images(tree, listing, data, split, excluded, skipped.beside)
    skipped.begin_split(choice.split, len(choice.names))
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
        f"{f' {level_range}' if listing.deep else ''}"
        f"{choice.labels_fingerprint}",
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


def _describe_others(skipped: Skipped) -> str:
    parts = []
    if len(skipped):
        parts.append(f"skipped: {skipped.summarize()}")
    if skipped.beside:
        parts.append(f"no images: {skipped.summarize_beside()}")
    if skipped.hidden:
        parts.append(f"hidden: {skipped.summarize_hidden()}")
    return f" ({'; '.join(parts)})" if parts else ""
