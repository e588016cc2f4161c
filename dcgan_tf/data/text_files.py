"""Text that people write beside images: lists of names, tables of labels."""

import codecs
import os
import unicodedata


def read_text_file(path: str) -> bytes:
    """Reads a file whole, as often as one likes.

    Raises:
        ValueError: If it is a pipe or a device, which can be read once or
            waits for ever.
        OSError: If it can't be read.
    """
    if os.path.exists(path) and not (
        os.path.isfile(path) or os.path.isdir(path)
    ):
        raise ValueError(
            f"{path} is a pipe or a device, which can't be read again; give "
            "a file"
        )
    with open(path, "rb") as file:
        return file.read()


def decode_text(contents: bytes) -> str:
    """Decodes UTF-8 or, by its mark, UTF-16, as Windows' programs save it.

    Bytes that are neither survive as surrogates, as in names of files.
    """
    if contents.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return contents.decode("utf-16", "replace")
    return contents.decode("utf-8-sig", "surrogateescape")


def normalize_name(name: str) -> str:
    """Writes an accent one way: Apple's systems compose letters otherwise."""
    return unicodedata.normalize("NFC", name)
