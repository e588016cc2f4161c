"""Flags that several commands share: paths and seeds, checked in one place."""

import os
import re
from collections.abc import Sequence

from absl import flags

from dcgan_tf.cli.command import UsageError
from dcgan_tf.config import LARGEST_TRAINING_SEED
from dcgan_tf.seeds import LARGEST_SEED

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# What a name would promise that is only ever written as PNG.
_IMAGE_SUFFIXES = frozenset(
    ".apng .avif .bmp .gif .heic .heif .jpeg .jpg .pdf .png .ppm .svg .tif "
    ".tiff .webp".split()
)


def resolve_path(text: str) -> str:
    """Turns what a user typed into the path of a local file or folder.

    A leading `~` or `~user` is expanded here, since no shell does so after
    `--name=`.

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


class _PathParser(flags.ArgumentParser):
    """Has absl check and expand a path as it reads the flag."""

    syntactic_help = "a path"

    def parse(self, argument: str | os.PathLike) -> str:
        return resolve_path(os.fspath(argument))

    def flag_type(self) -> str:
        return "path"


def define_path(
    name: str,
    default: str | None,
    help_text: str,
    flag_values: flags.FlagValues,
) -> None:
    """Defines a flag whose value is a path; see `resolve_path`."""
    flags.DEFINE(
        _PathParser(),
        name,
        default,
        help_text,
        flag_values,
        flags.ArgumentSerializer(),
    )


def resolve_arguments(arguments: Sequence[str]) -> list[str]:
    """Turns positional arguments into paths.

    Raises:
        UsageError: If one is no path; see `resolve_path`.
    """
    paths = []
    for argument in arguments:
        try:
            paths.append(resolve_path(argument))
        except ValueError as error:
            raise UsageError(f"argument {argument!r} {error}") from error
    return paths


def define_seed(
    default: int | None,
    help_text: str,
    flag_values: flags.FlagValues,
    is_of_training: bool = False,
) -> None:
    """Defines --seed, from 0 to what fits in 63 bits when it is used.

    Args:
        default: None where a default is chosen later.
        help_text: What it is of.
        flag_values: Where to define it.
        is_of_training: Whether a run is trained from it, not images drawn.
    """
    flags.DEFINE_integer(
        "seed",
        default,
        help_text,
        lower_bound=0,
        upper_bound=LARGEST_TRAINING_SEED if is_of_training else LARGEST_SEED,
        flag_values=flag_values,
    )


def promises_other_format(path: str, suffix: str) -> bool:
    """Whether a file's name promises an image other than what is written.

    Args:
        path: As `define_path` gives it. A folder may be called anything.
        suffix: Of the format written, such as `.png`.
    """
    if path.endswith(os.sep) or os.path.isdir(path):
        return False
    given = os.path.splitext(path)[1].lower()
    return given in _IMAGE_SUFFIXES and given != suffix
