"""Renames a file that is to be written anew: nothing is lost."""

from pathlib import Path

from dcgan_tf import scratch


def save_anew(path: Path, text: str, errors: str = "strict") -> Path | None:
    """Writes text where another may lie, which may be corrected by hand.

    Args:
        path: The file. Where it holds something else, that is set aside.
        text: What to write, as UTF-8.
        errors: As of `str.encode`.

    Returns:
        Where the file is now that was there, if it held anything else.
    """
    is_other = path.is_file() and path.read_bytes() != text.encode(
        "utf-8", errors
    )
    kept = set_aside(path) if is_other else None
    try:
        scratch.save_text(path, text, errors=errors)
    except BaseException:
        if kept is not None:
            kept.rename(path)
        raise
    return kept


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
