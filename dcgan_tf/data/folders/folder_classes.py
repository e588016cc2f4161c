"""Subfolders as the classes of the images in them."""

import logging
from collections.abc import Callable, Iterable

from dcgan_tf.data.files.listing import Listing
from dcgan_tf.data.fingerprint import digest_labels
from dcgan_tf.data.labels.assignment import Labels
from dcgan_tf.data.split_folders import remove_split

_log = logging.getLogger(__name__)


def find_folder_labels(
    kept: list[str],
    chosen: list[str],
    split_folders: dict[str, list[str]],
    root: str = "",
) -> Labels:
    """Takes subfolders for classes, inside those of splits where there are.

    Args:
        kept: Names of the collection's images, relative to the folder.
        chosen: Of them, those of the split.
        split_folders: From `find_splits`.
        root: The folder around all of them, to pass over.

    Returns:
        Of `chosen`; without classes unless every image lies in one of
        several.
    """
    find_class = _build_find_class(split_folders, root)
    classes = _find_classes(
        find_class(name) for name in split_folders.get("train", kept)
    )
    others = {find_class(name) for name in chosen} - {*classes}
    if classes and others:
        if others != {""}:  # Without any folders none are expected.
            _log.warning(
                "images of %r are taken without classes: train has no folder "
                "%r",
                chosen[0].removeprefix(root).partition("/")[0],
                max(others),
            )
        classes = ()
    numbers = {name: number for number, name in enumerate(classes)}
    by_name = {n: numbers[find_class(n)] for n in chosen} if classes else {}
    return Labels(by_name, classes)


def digest_folder_labels(
    listing: Listing,
    split: str,
    split_folders: dict[str, list[str]],
    root: str = "",
) -> str:
    """Tells which image lies in the folder of which class.

    Args:
        listing: The collection's images.
        split: Whose classes count, of folders that are splits.
        split_folders: As of `find_folder_labels`.
        root: The same.
    """
    find_class = _build_find_class(split_folders, root)
    own = frozenset(split_folders.get(split, listing.names))
    hashes = listing.images_fingerprint.hashes.tolist()
    found = [
        (image, find_class(name))
        for image, name in zip(hashes, listing.names, strict=True)
        if name in own
    ]
    return digest_labels(*zip(*found, strict=True))


def _build_find_class(
    split_folders: dict[str, list[str]], root: str
) -> Callable[[str], str]:
    """Builds what names the folder that is an image's class."""

    def find_class(name: str) -> str:
        if split_folders:
            return _get_top_folder(remove_split(name, root))
        return _get_top_folder(name.removeprefix(root))

    return find_class


def _find_classes(folders: Iterable[str]) -> tuple[str, ...]:
    """Names the images' subfolders if all are in one of several."""
    folders = {*folders}
    if "" in folders or len(folders) < 2:
        return ()
    return tuple(sorted(folders))


def _get_top_folder(name: str) -> str:
    top, separator, _ = name.partition("/")
    return top if separator else ""
