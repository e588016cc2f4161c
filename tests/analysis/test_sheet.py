"""Sheets: tiles where they belong, nothing cut off."""

import numpy as np
import pytest

from dcgan_tf.analysis.sheet import Panel, as_grid, draw_sheet


def count_colour(sheet, colour):
    return int((sheet == colour).all(-1).sum())


def test_every_tile_is_whole_and_in_its_place():
    red, blue = (250, 0, 0), (0, 0, 250)
    tiles = np.zeros((1, 2, 4, 4, 3), np.uint8)
    tiles[0, 0], tiles[0, 1] = red, blue
    sheet = draw_sheet("Title", [[Panel(tiles, tile_side=40)]], "Caption")
    assert count_colour(sheet, red) == count_colour(sheet, blue) == 1600
    red_columns = np.flatnonzero((sheet == red).all(-1).any(0))
    blue_columns = np.flatnonzero((sheet == blue).all(-1).any(0))
    assert red_columns.max() < blue_columns.min()


@pytest.mark.parametrize(
    "panel_options",
    [
        dict(row_labels=["a rather long label of a row"]),
        dict(column_labels=["a label far wider than its tile", "b"]),
        dict(tile_labels=["149", "150"], sign="-"),
        dict(title="A title that is much longer than two tiles are wide " * 3),
    ],
)
def test_nothing_touches_the_margin(panel_options):
    tiles = np.full((1, 2, 8, 8, 1), 90, np.uint8)
    panels = [Panel(tiles, tile_side=32, **panel_options)] * 2
    caption = "A caption that has to be wrapped. " * 20
    sheet = draw_sheet("A title " * 20, [panels, panels[:1]], caption)
    margins = (sheet[:20], sheet[-20:], sheet[:, :20], sheet[:, -20:])
    assert all((margin == 255).all() for margin in margins)
    assert count_colour(sheet, (90, 90, 90)) >= 3 * 2 * 32 * 32


def test_grids_are_filled_with_white():
    grid = as_grid(np.zeros((5, 2, 2, 1), np.uint8), 3)
    assert grid.shape == (2, 3, 2, 2, 1)
    assert (grid[1, 2] == 255).all() and not grid[1, 1].any()


def test_refuses_floats():
    with pytest.raises(ValueError, match="float64"):
        Panel(np.zeros((1, 1, 2, 2, 3)))


def test_panels_of_a_row_are_aligned_under_titles_of_any_length():
    red, blue = (250, 0, 0), (0, 0, 250)
    panels = [
        Panel(np.full((1, 1, 4, 4, 3), colour, np.uint8), title, tile_side=40)
        for colour, title in ((red, "short"), (blue, "a title of lines " * 5))
    ]
    sheet = draw_sheet("Title", [panels], "Caption")
    tops = [
        np.flatnonzero((sheet == colour).all(-1).any(1)).min()
        for colour in (red, blue)
    ]
    assert tops[0] == tops[1]
