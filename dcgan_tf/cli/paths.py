"""Paths that a command is given: arguments to read, outputs to write."""

import os
from collections.abc import Sequence

from dcgan_tf import scratch
from dcgan_tf.cli.command import UsageError
from dcgan_tf.given_path import expand_path


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
