"""Subfolders as the classes of the images in them."""

from collections.abc import Iterable

from dcgan_tf.data.label_table import Labels
from dcgan_tf.data.split_folders import remove_split


def find_folder_labels(
    kept: list[str], chosen: list[str], split_folders: dict[str, list[str]]
) -> Labels:
    """Takes subfolders for classes, inside those of splits where there are.

    Args:
        kept: Names of the collection's images, relative to the folder.
        chosen: Of them, those of the split.
        split_folders: From `find_splits`.

    Returns:
        Of `chosen`; without classes unless every image lies in one of
        several.
    """
    find_class = _get_top_folder
    if split_folders:
        find_class = _find_class_in_split
        classes = _find_classes(map(remove_split, split_folders["train"]))
        if not {find_class(name) for name in chosen} <= set(classes):
            classes = ()
    else:
        classes = _find_classes(kept)
    numbers = {name: number for number, name in enumerate(classes)}
    by_name = {n: numbers[find_class(n)] for n in chosen} if classes else {}
    return Labels(by_name, classes)


def _find_class_in_split(name: str) -> str:
    return _get_top_folder(remove_split(name))


def _find_classes(names: Iterable[str]) -> tuple[str, ...]:
    """Names the top subfolders if all images are in one of several."""
    folders = {_get_top_folder(name) for name in names}
    if "" in folders or len(folders) < 2:
        return ()
    return tuple(sorted(folders))


def _get_top_folder(name: str) -> str:
    top, separator, _ = name.partition("/")
    return top if separator else ""
