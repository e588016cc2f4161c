"""Where copies are kept that can be made again."""

import os
import tempfile
from pathlib import Path


def get_cache_dir() -> Path:
    """Returns where disk caches are: `$XDG_CACHE_HOME/dcgan_tf`.

    Users of a container often have no home, or one that they can't write:
    then it is a folder of theirs among the temporary ones.
    """
    root = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(os.path.expanduser(root)) / "dcgan_tf"
    parent = next(path for path in folder.parents if path.exists())
    has_home = not os.fspath(folder).startswith("~")
    if has_home and (folder.exists() or os.access(parent, os.W_OK)):
        return folder
    return get_tmp_home()


def get_tmp_home() -> Path:
    """Returns a folder for users of a container who have no home."""
    return Path(tempfile.gettempdir()) / f"dcgan_tf-{os.getuid()}"
