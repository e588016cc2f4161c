"""Paths as a user of a command or a program gives them."""

import os
import re

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def expand_path(text: str) -> str:
    """Turns what a user typed into the path of a local file or folder.

    A leading `~` or `~user` is expanded here, since no shell does so after
    `--name=`, nor a program.

    Raises:
        ValueError: If it is empty, holds a NUL, is an address such as
            `gs://bucket/run`, or names a home folder that there isn't.
    """
    if not text:
        raise ValueError("is empty; name a file or folder")
    if "\0" in text:
        raise ValueError("holds a NUL character, which no path can")
    if _URL.match(text):
        raise ValueError(
            "is an address, and only files and folders of this machine are "
            "read and written; mount the bucket or share as a folder (gcsfuse, "
            "s3fs, NFS), or copy it here, and name that folder"
        )
    path = os.path.expanduser(text)
    # Nothing is expanded where the user isn't known.
    if path.startswith("~"):
        raise ValueError(
            f"names a home folder that is not there; give the whole path, or "
            f"./{text} for what is called so"
        )
    # `./~` stays one, whoever drops the dot.
    is_called_so = os.path.normpath(path).startswith("~")
    return os.path.abspath(path) if is_called_so else path


def expand_given(path: str | os.PathLike, argument: str) -> str:
    """Expands a path that a program gives.

    Args:
        path: As `expand_path` takes it, or an object that stands for one.
        argument: What messages call it.

    Raises:
        ValueError: If it is no path, or none that `expand_path` takes.
    """
    text = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(text, str):
        raise ValueError(
            f"{argument} is a {type(path).__name__}; give a path, as a str or "
            "a pathlib.Path"
        )
    try:
        return expand_path(text)
    except ValueError as error:
        raise ValueError(f"{argument} {error}") from None


def resolve_path(path: str | os.PathLike, argument: str) -> str:
    """Returns the same as an absolute path.

    Whatever folder the process works in later.
    """
    return os.path.abspath(expand_given(path, argument))
