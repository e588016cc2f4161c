"""Lists the image files of a tree, known by their first bytes."""

import dataclasses
import os

from dcgan_tf.data import fingerprint
from dcgan_tf.data.files.archives import Archive
from dcgan_tf.data.files.decoding import UnreadableError, count_pages
from dcgan_tf.data.files.file_formats import (
    EMPTY,
    find_format_fault,
    is_beside,
    is_tiff,
    may_be_deep,
)
from dcgan_tf.data.files.folder_tree import FileStatus, FolderTree
from dcgan_tf.data.files.own_output import read_mark
from dcgan_tf.data.name_order import hash_bytes
from dcgan_tf.data.skipped import Skipped


@dataclasses.dataclass(frozen=True)
class Listing:
    """The images of a tree of files.

    Attributes:
        names: Relative to the root, with forward slashes.
        digest: Of all names, sizes and times of change, whatever their
            order.
        images_fingerprint: Of the images, whatever their names and times;
            its `hashes` are in the order of `names`.
        own_folders: Names of run and export folders, which are not entered.
        own_images: Names of the images that this program made and that
            are left out, since there are others.
        pages: Of names that are a page's, the file's name and the page's
            number from 0.
        deep: Names of images that may have more than 8 bits of grey.
    """

    names: list[str]
    digest: str
    images_fingerprint: fingerprint.ImagesFingerprint
    own_folders: list[str]
    own_images: list[str]
    pages: dict[str, tuple[str, int]]
    deep: frozenset[str]


@dataclasses.dataclass(frozen=True)
class _Examined:
    """What a file's size and first bytes tell."""

    fault: str
    mark: str = ""
    version: str = ""
    image_hash: int = 0
    is_deep: bool = False
    num_pages: int = 1


def list_images(
    tree: FolderTree | Archive, skipped: Skipped, all_pages: bool = False
) -> Listing:
    """Lists what may be images.

    What this program made is no input: run and export folders inside the
    tree are not entered, and its sheets, figures and samples are left out.
    Where a tree holds nothing else, the samples are its images, or else the
    sheets: a folder that is named is read.

    Args:
        tree: Where from.
        skipped: Gets every other file: those that pretend to be images as
            skipped, the rest as hidden or lying beside them.
        all_pages: Whether each page of a TIFF file is an image, not its
            first alone.

    Returns:
        What may be images.
    """
    own_folders = []
    # By who made them; "" is anybody else.
    found: dict[str, dict[str, _Examined]] = {"": {}, "sample": {}, "sheet": {}}
    for name, find_status in tree.walk(own_folders, skipped.hidden):
        try:
            file = _examine(tree, name, find_status(), all_pages)
        except OSError as error:  # Such as a link to nowhere.
            file = _Examined(error.strerror or str(error))
        except UnreadableError as error:  # Of an archive.
            file = _Examined(str(error))
        if not file.fault:
            found[file.mark][name] = file
        elif is_beside(name, file.fault):
            skipped.beside.append(name)
        else:
            skipped.add(name, file.fault)
    chosen = next((files for files in found.values() if files), {})
    digests = [
        hash_bytes(f"{file.version} ".encode() + os.fsencode(name))
        for name, file in chosen.items()
    ]
    pages = _list_pages(chosen)
    return Listing(
        names=[*chosen, *pages],
        digest=f"{sum(digests):x}",
        images_fingerprint=fingerprint.fingerprint_hashes(
            _hash_page(chosen[name].image_hash, page)
            for name, page in (*((name, 0) for name in chosen), *pages.values())
        ),
        own_folders=sorted(own_folders),
        own_images=sorted(
            name
            for files in found.values()
            if files is not chosen
            for name in files
        ),
        pages=pages,
        deep=frozenset(
            name
            for name in (*chosen, *pages)
            if chosen[pages.get(name, (name, 0))[0]].is_deep
        ),
    )


def _examine(
    tree: FolderTree | Archive, name: str, status: FileStatus, all_pages: bool
) -> _Examined:
    if status.fault:
        return _Examined(status.fault)
    if not status.size:
        return _Examined(EMPTY)
    start, middle = tree.read_sample(name, status.size)
    fault = find_format_fault(start)
    num_pages = 1
    if all_pages and not fault and is_tiff(start):
        with tree.open(name) as file:
            num_pages = count_pages(file)
    return _Examined(
        fault,
        read_mark(start),
        status.version,
        fingerprint.hash_image(str(status.size).encode(), start, middle),
        may_be_deep(start),
        num_pages,
    )


def _list_pages(files: dict[str, _Examined]) -> dict[str, tuple[str, int]]:
    """Names the pages after the first, which has its file's name."""
    pages = {}
    for name, file in files.items():
        for page in range(1, file.num_pages):
            page_name = f"{name}#{page + 1}"
            while page_name in files:  # A file that is called so.
                page_name += "#"
            pages[page_name] = (name, page)
    return pages


def _hash_page(image_hash: int, page: int) -> int:
    if not page:
        return image_hash
    return fingerprint.hash_image(f"{image_hash} {page}".encode())
