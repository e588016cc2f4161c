"""Flags that several commands share: paths and seeds, checked in one place."""

import os
from collections.abc import Sequence

from absl import flags

from dcgan_tf import scratch
from dcgan_tf.cli.command import UsageError
from dcgan_tf.config import LARGEST_TRAINING_SEED
from dcgan_tf.given_path import expand_path
from dcgan_tf.seeds import LARGEST_SEED


class _PathParser(flags.ArgumentParser):
    """Has absl check and expand a path as it reads the flag."""

    syntactic_help = "a path"

    def parse(self, argument: str | os.PathLike) -> str:
        return expand_path(os.fspath(argument))

    def flag_type(self) -> str:
        return "path"


def define_path(
    name: str,
    default: str | None,
    help_text: str,
    flag_values: flags.FlagValues,
) -> None:
    """Defines a flag whose value is a path; see `expand_path`."""
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
        UsageError: If one is no path; see `expand_path`.
    """
    paths = []
    for argument in arguments:
        try:
            paths.append(expand_path(argument))
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


def check_output(
    path: str | os.PathLike, is_folder: bool = False, flag: str = "output"
) -> None:
    """Checks, before what is slow, that a flag's path can be written.

    Raises:
        OSError: If not.
    """
    check = (
        scratch.check_folder_writable
        if is_folder
        else scratch.check_file_writable
    )
    try:
        check(path)
    except OSError as error:
        what = "folder" if is_folder else "file"
        raise OSError(
            scratch.describe_refusal(what, path, error, flag)
        ) from error


def promises_other_format(path: str, suffix: str) -> bool:
    """Whether a file's name promises an image other than what is written.

    Args:
        path: As `define_path` gives it. A folder may be called anything.
        suffix: Of the format written, such as `.png`.
    """
    if path.endswith(os.sep) or os.path.isdir(path):
        return False
    # Importing it has Pillow load all of its decoders.
    from dcgan_tf.data.files.file_formats import has_image_suffix

    given = os.path.splitext(path)[1].lower()
    return (has_image_suffix(path) or given == ".pdf") and given != suffix
