"""The page's walk: its stops, who chose them, and what goes wrong."""

import numpy as np
import pytest
from fixtures import browser
from fixtures.browser import find, wait
from PIL import Image

# Holds the drawing of pictures up after the first row.
HOLD_UP = """
const { setTimeout: later } = window;
const held = [];
window.setTimeout = (call, delay, ...rest) => {
  const drawn = document.querySelectorAll(".picture .drawn").length;
  if (delay !== undefined || drawn < 6) return later(call, delay, ...rest);
  held.push(call);
};
window.goOn = () => {
  window.setTimeout = later;
  held.forEach((call) => call());
};
"""
REMOVE_FIRST = "#stops [data-index='0']"


def stops(page):
    return page.find_elements("css selector", "#stops [data-index]")


def add_stop(page, index):
    find(page, "#stops > :last-child").click()
    find(page, f".picture[data-index='{index}']").click()


def test_a_walk_plays_and_is_saved(page, downloads):
    canvas = find(page, "#walk-canvas")
    if find(page, "#play").text == "Play":
        find(page, "#play").click()
    before = browser.read_pixels(page, canvas)
    start = int(canvas.get_attribute("data-frames") or 0)
    wait(page, lambda: int(canvas.get_attribute("data-frames")) > start + 10)
    assert (browser.read_pixels(page, canvas) != before).any()
    find(page, "#play").click()
    assert find(page, "#play").text == "Play"
    find(page, "#save-gif").click()
    path = downloads / "walk.gif"
    wait(page, path.exists)
    with Image.open(path) as gif:
        assert gif.n_frames == 5 * 16 and gif.size == (192, 192)
        gif.seek(40)
        assert np.asarray(gif.convert("RGB")).std() > 10
        gif.seek(0)
        first = np.asarray(gif.convert("RGB"))[3::6, 3::6].astype(int)
    picture = browser.read_pixels(page, find(page, ".picture canvas"))[..., :3]
    assert np.abs(first - picture).mean() < 8


def remove_first(page):
    find(page, REMOVE_FIRST).click()


def drag_in(page):
    from selenium.webdriver import ActionChains

    picture = find(page, ".picture[data-index='2']")
    ActionChains(page).drag_and_drop(picture, find(page, "#stops")).perform()


@pytest.mark.parametrize("change", [remove_first, drag_in])
def test_a_stop_is_awaited_while_stops_change(page, change):
    find(page, "#stops > :last-child").click()
    change(page)
    plus = find(page, "#stops > :last-child")
    assert "armed" in plus.get_attribute("class")
    count = len(stops(page))
    find(page, ".picture[data-index='9']").click()
    assert len(stops(page)) == count + 1
    label = stops(page)[-1].get_attribute("aria-label")
    assert label == "Remove Picture 10"
    assert "armed" not in plus.get_attribute("class")
    # The next one is opened, as ever.
    find(page, ".picture[data-index='9']").click()
    assert find(page, "#viewer").get_property("open")
    find(page, "#close").click()
    remove_first(page)


def test_a_walk_of_one_stop_is_neither_played_nor_saved(page):
    while len(stops(page)) > 1:
        remove_first(page)
    assert not find(page, "#play").is_enabled()
    assert not find(page, "#save-gif").is_enabled()
    add_stop(page, 3)
    assert find(page, "#play").is_enabled()
    assert find(page, "#save-gif").is_enabled()


@pytest.mark.parametrize("button", ["#save-gif", "#play"])
def test_what_goes_wrong_is_said(page, button):
    while len(stops(page)) < 2:
        add_stop(page, 3)
    # A page hears of errors in its own scripts alone, not in a test's.
    page.execute_script("window.kept = ImageData; window.ImageData = null;")
    try:
        find(page, button).click()
        status = find(page, "#status")
        wait(page, lambda: "went wrong: ImageData is not" in status.text)
        assert "error" in status.get_attribute("class")
        assert find(page, "#play").text == "Play"
    finally:
        page.execute_script("window.ImageData = window.kept;")
    find(page, "#stops > :last-child").click()
    assert status.text == "Choose a picture for the walk."
    assert "error" not in status.get_attribute("class")
    find(page, "#stops > :last-child").click()


def test_stops_that_a_visitor_adds_early_stay(page):
    script = page.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument", {"source": HOLD_UP}
    )
    try:
        page.refresh()
        wait(page, lambda: len(page.find_elements(
            "css selector", ".picture .drawn"
        )) == 6)  # fmt: skip
        assert not find(page, "#play").is_enabled()
        assert not find(page, "#save-gif").is_enabled()
        add_stop(page, 4)
        assert len(stops(page)) == 1
        page.execute_script("goOn()")
        browser.wait_until_drawn(page)
    finally:
        page.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
    (stop,) = stops(page)
    assert stop.get_attribute("aria-label") == "Remove Picture 5"
    assert not find(page, "#play").is_enabled()
    add_stop(page, 8)
    assert find(page, "#play").is_enabled()
    find(page, "#play").click()
    canvas = find(page, "#walk-canvas")
    wait(page, lambda: int(canvas.get_attribute("data-frames") or 0) > 3)
    find(page, "#play").click()


def test_a_picture_is_taken_as_soon_as_it_is_opened(page):
    """Not the one that was opened before it."""
    page.execute_script(
        "document.querySelector(\".picture[data-index='1']\").click();"
        "document.querySelector(\"[data-use='walk']\").click();"
    )
    label = stops(page)[-1].get_attribute("aria-label")
    assert label == "Remove Picture 2"
