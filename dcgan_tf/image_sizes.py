"""Image sizes that the networks support: parsed, checked and formatted.

A side is a start of 4 to 7 pixels doubled by each stride-2 convolution.
"""

import operator
from collections.abc import Sequence

MAX_SIDE = 256
_MIN_SCALES = 2
_START_SIDES = range(4, 8)


def parse_image_size(text: str) -> tuple[int, int]:
    """Reads `"64"` as `(64, 64)` and `"64x128"` as height 64, width 128.

    Raises:
        ValueError: If the text is neither, or the networks can't make it.
    """
    parts = text.lower().split("x")
    if len(parts) > 2 or not all(part.isdecimal() for part in parts):
        raise ValueError(
            f"image size {text!r} is neither SIDE nor HEIGHTxWIDTH, such as "
            "64 or 64x128"
        )
    size = int(parts[0]), int(parts[-1])
    check_image_size(size)
    return size


def read_image_size(size: int | str | Sequence[int]) -> tuple[int, int]:
    """Reads a size in any form that a program may give.

    Args:
        size: A side, `(height, width)` in any sequence of whole numbers, or
            text as `parse_image_size` takes it.

    Returns:
        `(height, width)` in pixels.

    Raises:
        ValueError: If it is something else, or the networks can't make it.
    """
    if isinstance(size, str):
        return parse_image_size(size)
    try:
        sides = [operator.index(side) for side in size]
    except TypeError:
        sides = _read_side(size)
    if len(sides) not in (1, 2):
        raise ValueError(
            f"image_size is {size!r}; give a side in pixels, or (height, width)"
        )
    height, width = sides[0], sides[-1]
    check_image_size((height, width))
    return height, width


def _read_side(size: object) -> list[int]:
    try:
        return [operator.index(size)]
    except TypeError:
        return []


def count_scales(side: int) -> int:
    """Returns the stride-2 convolutions from a side to its start of 4 to 7."""
    return (side // _START_SIDES[0]).bit_length() - 1


def _is_possible(height: int, width: int) -> bool:
    small, large = sorted((height, width))
    num_scales = count_scales(small)
    return (
        num_scales >= _MIN_SCALES
        and large <= MAX_SIDE
        and small % 2**num_scales == 0
        and large % 2**num_scales == 0
    )


def check_image_size(size: tuple[int, int]) -> None:
    """Raises a `ValueError` that names the nearest sizes that work.

    Args:
        size: `(height, width)` in pixels.
    """
    height, width = size
    if _is_possible(height, width):
        return
    sides = range(_START_SIDES[0] << _MIN_SCALES, MAX_SIDE + 1)
    if height == width:
        possible = [(side, side) for side in sides if _is_possible(side, side)]
    else:
        possible = [(h, w) for h in sides for w in sides if _is_possible(h, w)]
    possible.sort(key=lambda s: abs(s[0] - height) + abs(s[1] - width))
    nearest = " or ".join(format_image_size(s) for s in sorted(possible[:2]))
    raise ValueError(
        f"the networks can't make images of {format_image_size(size)} pixels; "
        f"nearest that work: {nearest} (sides are 4 to 7 times a power of "
        f"two, 16 to {MAX_SIDE})"
    )


def format_image_size(size: tuple[int, int]) -> str:
    """Writes a `(height, width)` as `parse_image_size` reads it."""
    height, width = size
    return str(height) if height == width else f"{height}x{width}"
