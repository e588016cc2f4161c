"""Names that nobody means as images or as a class of them.

What is hidden, and the folders in which systems keep thumbnails and what was
thrown away.
"""

import collections
from collections.abc import Iterable

# In lower case: of Synology and QNAP (whose others are hidden), of Windows,
# of macOS where it has no place for them, and of Linux.
_SYSTEM_FOLDERS = frozenset(
    (
        "@eadir", "#recycle", "#snapshot", "@recycle", "@tmp",
        "$recycle.bin", "system volume information", "__macosx",
        "lost+found",
    )
)  # fmt: skip
# macOS keeps what belongs to `name` as `._name`.
_MACOS_PREFIX = "._"


def is_hidden(name: str) -> bool:
    """Whether a file or folder, by its own name, is passed over."""
    if name in (".", ".."):
        return False
    return name.startswith(".") or name.lower() in _SYSTEM_FOLDERS


def find_hidden(name: str) -> str:
    """Returns the path of the outermost hidden folder or file, or ''.

    Args:
        name: A file's path, with forward slashes.
    """
    parts = name.split("/")
    for count, part in enumerate(parts, 1):
        if is_hidden(part):
            return "/".join(parts[:count])
    return ""


def count_hidden(names: Iterable[str]) -> collections.Counter[str]:
    """Counts what is hidden by its own name: `@eaDir`, `.DS_Store`, `._*`.

    Args:
        names: Paths of what `is_hidden`, with forward slashes.
    """
    # In an order that isn't the file system's.
    bases = sorted(name.rpartition("/")[2] for name in names)
    return collections.Counter(
        f"{_MACOS_PREFIX}*" if base.startswith(_MACOS_PREFIX) else base
        for base in bases
    )
