"""Renames a file of a run that is to be written anew: nothing is lost."""

from pathlib import Path


def set_aside(path: Path) -> Path:
    """Renames `name` to `name.bak`, or `name.bak2` where that is taken.

    Returns:
        Where the file is now.

    Raises:
        OSError: If its folder can't be written.
    """
    target = path.with_name(f"{path.name}.bak")
    number = 2
    while target.exists():
        target = path.with_name(f"{path.name}.bak{number}")
        number += 1
    return path.rename(target)
