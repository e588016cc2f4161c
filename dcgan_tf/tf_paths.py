"""Temporary names for folders whose own ones TensorFlow can't take.

TensorFlow reads a checkpoint or SavedModel by a pattern: `[` and `\\` in its
path make it "not found", and `*` or `?` may find somebody else's. It also
wants paths in UTF-8, while a file's name may be any bytes. So whatever hands
TensorFlow a path goes through here.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dcgan_tf.context.strategy_scope import call_outside_strategies

_PATTERN_CHARACTERS = frozenset("*?[]\\")
# Where links can be made if the folder for temporary files has an odd name.
_TMP_DIRS = ("/tmp", "/var/tmp", "/dev/shm")


@contextlib.contextmanager
def plain_dir(path: str | os.PathLike) -> Iterator[Path]:
    """Gives an existing folder a name without special characters, for a while.

    Args:
        path: The folder. One with a plain path is given as it is; to another
            one leads a symbolic link, in a temporary folder.

    Yields:
        A path to the folder for TensorFlow to read from or write in. Don't
        show or store it: it ends with the context.

    Raises:
        OSError: If a link is needed and can be made nowhere.
    """
    path = Path(os.path.abspath(path))
    if is_plain(path):
        yield path
        return
    with tempfile.TemporaryDirectory(
        prefix="dcgan_tf-", dir=_find_plain_tmp_dir()
    ) as tmp_dir:
        link = Path(tmp_dir) / "link"
        link.symlink_to(path, target_is_directory=True)
        yield link


def is_plain(path: str | os.PathLike) -> bool:
    """Whether TensorFlow takes a path for no pattern, and as UTF-8."""
    text = os.fspath(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return not _PATTERN_CHARACTERS.intersection(text)


def load_saved_model(path: str | os.PathLike):
    """Loads a SavedModel from a folder of any name; see `tf.saved_model.load`.

    Outside of any strategy's scope: with variables on several devices,
    signatures can't be called.

    Raises:
        FileNotFoundError: If the folder is not there.
    """
    import tensorflow as tf

    with plain_dir(path) as folder:
        return call_outside_strategies(
            lambda: tf.saved_model.load(os.fspath(folder))
        )


def _find_plain_tmp_dir() -> str:
    for folder in (tempfile.gettempdir(), *_TMP_DIRS):
        if is_plain(folder) and os.access(folder, os.W_OK | os.X_OK):
            return folder
    raise OSError(
        "a path has characters that TensorFlow can't read, and no folder for "
        "temporary files can be written to lead there; set TMPDIR to one "
        f"without any of {''.join(sorted(_PATTERN_CHARACTERS))} in its path"
    )
