"""Recognises this program's own output, which is never trained on.

A run's folder and an export are known by their files, a single image by
the mark that `images` puts into every PNG and GIF file.
"""

import os

from dcgan_tf.config.json_text import read_json
from dcgan_tf.images import FILE_MARKS

_RUN_FILE = "config.json"
_RUN_SECTIONS = {"model", "data", "training"}
_RUN_FOLDER = "checkpoints"
_EXPORT_FILE = "export.json"


def is_own_folder(path: str, names: set[str]) -> bool:
    """Whether a folder is a run's, of any version, or an export's.

    Args:
        path: The folder.
        names: Of the files and folders in it.
    """
    if _EXPORT_FILE in names:
        return _has_sections(path, _EXPORT_FILE, {"step"})
    if _RUN_FILE not in names:
        return False
    # A damaged config.json beside checkpoints is still a run's.
    return _RUN_FOLDER in names or _has_sections(path, _RUN_FILE, _RUN_SECTIONS)


def read_mark(start: bytes) -> str:
    """Returns which of `FILE_MARKS` an image bears, or ''.

    Args:
        start: The file's first bytes, 1,024 where it has as many.
    """
    for kind, mark in FILE_MARKS.items():
        if mark.encode() in start:
            return kind
    return ""


def _has_sections(path: str, name: str, sections: set[str]) -> bool:
    try:
        with open(os.path.join(path, name), encoding="utf-8-sig") as file:
            contents = read_json(file.read())
    except (OSError, ValueError):
        return False
    return isinstance(contents, dict) and sections <= set(contents)
