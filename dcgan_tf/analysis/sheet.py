"""Lays out small images as one labelled figure, readable on a slide.

Tiles are enlarged by whole factors without smoothing, so that a pixel of the
network stays a pixel; labels are text beside them, never over them. That is
why Pillow sets them: matplotlib resamples every image to its figure's dots.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dcgan_tf.images import lay_on_checks

_MARGIN = 24
_GAP = 6
_TITLE_SIZE = 30
_LABEL_SIZE = 18
_INK, _SOFT_INK, _PAPER = (24, 24, 28), (96, 96, 104), (255, 255, 255)
_SMALLEST_LABEL = 10
_MIN_WIDTH, _MIN_PANEL_WIDTH = 760, 150
_LINE_SPACING = 1.3
_LABEL_HEIGHT = 24
_SIGN_WIDTH = 36


@dataclasses.dataclass(frozen=True)
class Panel:
    """A block of tiles in rows and columns, with what stands around it.

    Attributes:
        images: uint8 `(rows, columns, height, width, 1 or 3)`.
        title: Above the block.
        row_labels: Left of each row; empty for none.
        column_labels: Above each column; empty for none.
        tile_labels: Above each tile, row by row; empty for none.
        sign: Drawn large before the block: `+`, `-` or `=`.
        tile_side: Pixels that a tile's longer side has at least, about.
    """

    images: np.ndarray
    title: str = ""
    row_labels: Sequence[str] = ()
    column_labels: Sequence[str] = ()
    tile_labels: Sequence[str] = ()
    sign: str = ""
    tile_side: int = 96

    def __post_init__(self):
        if self.images.ndim != 5 or self.images.dtype != np.uint8:
            raise ValueError(
                f"a panel's images are {self.images.dtype} "
                f"{self.images.shape}; it takes uint8 (rows, columns, height, "
                "width, channels)"
            )


def draw_sheet(
    title: str, rows: Sequence[Sequence[Panel]], caption: str
) -> np.ndarray:
    """Draws rows of panels between a title and a caption.

    Args:
        title: One line; wrapped where the panels are narrower.
        rows: Panels side by side, tops aligned, row below row.
        caption: What is shown, from where; wrapped to the sheet's width.

    Returns:
        uint8 `(height, width, 3)`.
    """
    blocks = [_draw_row(row) for row in rows]
    sizes = [_measure_row(row) for row in blocks]
    width = max(_MIN_WIDTH, *(row_width for row_width, _ in sizes))
    title_lines = _wrap(title, _TITLE_SIZE, width)
    caption_lines = _wrap(caption, _LABEL_SIZE, width)
    title_height = _text_height(title_lines, _TITLE_SIZE)
    caption_height = _text_height(caption_lines, _LABEL_SIZE)
    height = title_height + caption_height + _MARGIN
    height += sum(row_height + _MARGIN for _, row_height in sizes)
    sheet = Image.new(
        "RGB", (width + 2 * _MARGIN, height + 2 * _MARGIN), _PAPER
    )
    pen = ImageDraw.Draw(sheet)
    y = _write(pen, (_MARGIN, _MARGIN), title_lines, _TITLE_SIZE, _INK)
    y += _MARGIN // 2
    for row, (_, row_height) in zip(blocks, sizes, strict=True):
        x = _MARGIN
        for block in row:
            sheet.paste(block, (x, y))
            x += block.width + _MARGIN
        y += row_height + _MARGIN
    _write(pen, (_MARGIN, y), caption_lines, _LABEL_SIZE, _SOFT_INK)
    return np.asarray(sheet)


def as_row(images: np.ndarray) -> np.ndarray:
    """Makes `(count, h, w, c)` one row of tiles."""
    return images[None]


def as_grid(images: np.ndarray, num_columns: int) -> np.ndarray:
    """Makes `(count, h, w, c)` rows of tiles; the last is filled with white."""
    missing = -len(images) % num_columns
    blank = np.full((missing, *images.shape[1:]), 255, np.uint8)
    return np.concatenate([images, blank]).reshape(
        -1, num_columns, *images.shape[1:]
    )


def _measure_row(blocks: Sequence[Image.Image]) -> tuple[int, int]:
    width = sum(block.width for block in blocks) + _MARGIN * (len(blocks) - 1)
    return width, max(block.height for block in blocks)


@dataclasses.dataclass(frozen=True)
class _Geometry:
    """Where a panel's parts are, in pixels from its corner."""

    factor: int
    tile_width: int
    tile_height: int
    title_lines: Sequence[str]
    row_label_left: int
    left: int
    column_label_top: int
    top: int
    above_tile: int

    def corner(self, row: int, column: int) -> tuple[int, int]:
        """Where a tile and its label begin."""
        step = self.tile_height + self.above_tile + _GAP
        x = self.left + column * (self.tile_width + _GAP)
        return x, self.top + row * step


def _measure_panel(panel: Panel, num_title_lines: int = 0) -> _Geometry:
    _, num_columns, height, width, _ = panel.images.shape
    factor = max(1, round(panel.tile_side / max(height, width)))
    tiles_width = num_columns * (width * factor + _GAP) - _GAP
    row_label_left = 0
    if panel.sign:
        row_label_left = _SIGN_WIDTH + _GAP
    left = row_label_left
    if panel.row_labels:
        widths = [_text_width(text, _LABEL_SIZE) for text in panel.row_labels]
        left += max(widths) + 2 * _GAP
    title_lines = _wrap(
        panel.title, _LABEL_SIZE, max(tiles_width, _MIN_PANEL_WIDTH)
    )
    title_lines += [""] * (num_title_lines - len(title_lines))
    column_label_top = _text_height(title_lines, _LABEL_SIZE)
    column_label_top += _GAP * bool(title_lines)
    return _Geometry(
        factor=factor,
        tile_width=width * factor,
        tile_height=height * factor,
        title_lines=title_lines,
        row_label_left=row_label_left,
        left=left,
        column_label_top=column_label_top,
        top=column_label_top + _LABEL_HEIGHT * bool(panel.column_labels),
        above_tile=_LABEL_HEIGHT * bool(panel.tile_labels),
    )


def _draw_row(row: Sequence[Panel]) -> list[Image.Image]:
    """Draws panels whose tiles begin at one height."""
    num_lines = max(len(_measure_panel(panel).title_lines) for panel in row)
    return [_draw_panel(panel, num_lines) for panel in row]


def _draw_panel(panel: Panel, num_title_lines: int) -> Image.Image:
    place = _measure_panel(panel, num_title_lines)
    num_rows, num_columns = panel.images.shape[:2]
    right, bottom = place.corner(num_rows, num_columns)
    text_widths = [_text_width(t, _LABEL_SIZE) for t in place.title_lines]
    width = max(right - _GAP, *(place.left + w for w in text_widths), 0)
    block = Image.new("RGB", (width, bottom - _GAP), _PAPER)
    pen = ImageDraw.Draw(block)
    _write(pen, (place.left, 0), place.title_lines, _LABEL_SIZE, _INK)
    if panel.sign:
        _write_sign(pen, panel.sign, (place.top + bottom) // 2)
    _write_labels(pen, panel, place)
    for row, column in np.ndindex(num_rows, num_columns):
        x, y = place.corner(row, column)
        tile = _enlarge(panel.images[row, column], place.factor)
        block.paste(tile, (x, y + place.above_tile))
    return block


def _write_sign(pen: ImageDraw.ImageDraw, sign: str, middle: int) -> None:
    """Bars, since the font has a hyphen and no minus."""
    offsets = (-7, 7) if sign == "=" else (0,)
    for offset in offsets:
        y = middle + offset
        pen.rectangle((4, y - 2, _SIGN_WIDTH - 4, y + 2), _INK)
    if sign == "+":
        x, reach = _SIGN_WIDTH // 2, _SIGN_WIDTH // 2 - 4
        pen.rectangle((x - 2, middle - reach, x + 2, middle + reach), _INK)


def _write_labels(pen: ImageDraw.ImageDraw, panel: Panel, place: _Geometry):
    for column, label in enumerate(panel.column_labels):
        x, _ = place.corner(0, column)
        _write_fitted(pen, (x, place.column_label_top), label, place.tile_width)
    for row, label in enumerate(panel.row_labels):
        middle = place.corner(row, 0)[1] + place.above_tile
        middle += place.tile_height // 2
        pen.text(
            (place.row_label_left, middle), label, _SOFT_INK,
            _font(_LABEL_SIZE), anchor="lm",
        )  # fmt: skip
    for index, label in enumerate(panel.tile_labels):
        corner = place.corner(*divmod(index, panel.images.shape[1]))
        _write_fitted(pen, corner, label, place.tile_width)


def _enlarge(image: np.ndarray, factor: int) -> Image.Image:
    image = lay_on_checks(image)
    pixels = np.repeat(np.repeat(image, factor, 0), factor, 1)
    if pixels.shape[-1] == 1:
        pixels = np.repeat(pixels, 3, -1)
    return Image.fromarray(pixels)


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def _text_width(text: str, size: int) -> int:
    return int(np.ceil(_font(size).getlength(text)))


def _text_height(lines: Sequence[str], size: int) -> int:
    return round(len(lines) * size * _LINE_SPACING)


def _wrap(text: str, size: int, width: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and _text_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _write_fitted(pen, corner, text: str, width: int) -> None:
    """Writes one line, smaller where it would run into its neighbour."""
    size = _LABEL_SIZE
    while size > _SMALLEST_LABEL and _text_width(text, size) > width:
        size -= 1
    pen.text(corner, text, _SOFT_INK, _font(size))


def _write(pen, corner, lines, size, colour) -> int:
    """Writes lines from a corner down; returns where the next would be."""
    x, y = corner
    for index, line in enumerate(lines):
        pen.text(
            (x, y + round(index * size * _LINE_SPACING)), line, colour,
            _font(size),
        )  # fmt: skip
    return y + _text_height(lines, size)
