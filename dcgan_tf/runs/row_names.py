"""Names of classes written beside the rows of a grid."""

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_LARGEST_FONT = 14
_LONGEST_NAME = 24
_MARGIN = 4


def add_row_names(
    grid: np.ndarray, names: Sequence[str], row_height: int
) -> np.ndarray:
    """Widens a grid to the left by its rows' names.

    Args:
        grid: uint8 `(height, width, channels)`, its rows one after the other.
        names: Of the rows, from the top.
        row_height: Of one row, in pixels.

    Returns:
        uint8 `(height, wider, channels)`.
    """
    font = _load_font(min(_LARGEST_FONT, row_height))
    texts = [_shorten(name) for name in names]
    width = max(int(font.getlength(text)) for text in texts) + 2 * _MARGIN
    # One level a pixel: every channel of a grid is drawn alike.
    side = Image.new("L", (width, grid.shape[0]), 255)
    draw = ImageDraw.Draw(side)
    for row, text in enumerate(texts):
        middle = (_MARGIN, (row + 0.5) * row_height)
        draw.text(middle, text, fill=0, font=font, anchor="lm")
    pixels = np.repeat(np.asarray(side)[..., None], grid.shape[-1], axis=-1)
    return np.concatenate([pixels, grid], axis=1)


def _shorten(name: str) -> str:
    name = name.encode("utf-8", "replace").decode()  # Bytes of a file's name.
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


@functools.cache
def _load_font(size: int) -> ImageFont.FreeTypeFont:
    """Loads Matplotlib's font, which has more scripts than Pillow's own."""
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return ImageFont.truetype(folder / "DejaVuSans.ttf", size)
