"""The exported page in a real browser that reaches no other host.

Screenshots are kept for a person in `page_screenshots` under pytest's
temporary folder, or in the folder that DCGAN_TF_SCREENSHOTS names.
"""

import base64
import json
import os
from pathlib import Path

import numpy as np
import pytest
from fixtures import browser, exported_page, tiny_run
from fixtures.browser import find, wait
from fixtures.exported_page import SEED, draw, latent
from PIL import Image

from dcgan_tf.config import ARRAYS, DataConfig
from dcgan_tf.config.data import EMBEDDED
from dcgan_tf.models.generator import build_generator
from dcgan_tf.serving.lite import convert, descriptions
from dcgan_tf.serving.web import page as web_page


@pytest.fixture(scope="module")
def screenshots(tmp_path_factory):
    given = os.environ.get("DCGAN_TF_SCREENSHOTS")
    path = Path(given or tmp_path_factory.getbasetemp() / "page_screenshots")
    path.mkdir(parents=True, exist_ok=True)
    return path


def read_pixels(driver, canvas):
    return browser.read_pixels(driver, canvas)[..., :3]


def assert_close(given, expected):
    """Half-precision weights move a pixel by a level or two."""
    difference = np.abs(given.astype(int) - expected.astype(int))
    assert difference.max() <= 3 and difference.mean() < 0.5


def test_eight_pictures_are_pythons(page, generator):
    canvases = page.find_elements("css selector", ".picture canvas")
    assert len(canvases) == 60
    assert find(page, "#footer").text.startswith("DCGAN, ")
    for index in (0, 1, 2, 3, 17, 31, 58, 59):
        expected = draw(generator, latent(index))[0]
        assert expected.std() > 20
        assert_close(read_pixels(page, canvases[index]), expected)


def test_a_slider_moves_a_picture_along_its_direction(page, generator, folder):
    find(page, ".picture[data-index='5']").click()
    slider = find(page, "#sliders input")
    page.execute_script(
        "arguments[0].value = 2;arguments[0].dispatchEvent(new Event('input'))",
        slider,
    )
    directions = json.loads((folder / "model.json").read_text())["directions"]
    moved = latent(5) + 2 * np.array(directions[0], np.float32)
    expected = draw(generator, moved)[0]
    canvas = find(page, "#viewer-canvas")
    wait(
        page,
        lambda: (
            np.abs(read_pixels(page, canvas) - expected.astype(int)).max() <= 3
        ),
    )
    assert (
        np.abs(expected.astype(int) - draw(generator, latent(5))[0]).max() > 9
    )
    find(page, "#close").click()


def test_pictures_are_added_by_keyboard(page, generator):
    """A box is chosen, then a picture: what fingers and keys can do."""
    from selenium.webdriver.common.keys import Keys

    for name, index in zip("ABC", (10, 20, 33), strict=True):
        find(page, f"[data-drop='{name}']").send_keys(Keys.ENTER)
        assert name in find(page, "#status").text
        find(page, f".picture[data-index='{index}']").send_keys(Keys.ENTER)
    wait(page, lambda: find(page, "#result").is_enabled())
    expected = draw(generator, latent(10) - latent(20) + latent(33))[0]
    assert_close(read_pixels(page, find(page, "#result canvas")), expected)


def test_pictures_are_dragged_into_boxes(page, generator):
    from selenium.webdriver import ActionChains

    box = find(page, "[data-drop='A']")
    picture = find(page, ".picture[data-index='2']")
    ActionChains(page).drag_and_drop(picture, box).perform()
    expected = draw(generator, latent(2))[0]
    assert_close(
        read_pixels(page, find(page, "[data-drop='A'] canvas")), expected
    )
    assert not page.execute_script(
        "return document.querySelector('dialog').open"
    )


def test_arrow_keys_move_through_the_grid(page):
    from selenium.webdriver.common.keys import Keys

    browser.set_view(page, 1280, 900)
    find(page, ".picture").send_keys(Keys.ARROW_RIGHT)
    page.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    active = page.switch_to.active_element
    assert active.get_attribute("data-index") == "11"


def test_a_seed_is_typed(page, generator):
    from selenium.webdriver.common.keys import Keys

    try:
        show_seed(page, "12", Keys.ENTER)
        assert page.current_url.endswith("#seed=12")
        canvas = find(page, ".picture[data-index='4'] canvas")
        expected = draw(generator, latent(4, seed=12))[0]
        assert_close(read_pixels(page, canvas), expected)
    finally:
        show_seed(page, str(SEED), Keys.ENTER)


def show_seed(page, seed, enter):
    box = find(page, "#seed")
    box.clear()
    box.send_keys(seed, enter)
    grid = find(page, "#grid")
    wait(page, lambda: grid.get_attribute("data-seed") == seed)


def test_it_is_looked_at(page, screenshots):
    for width, height, colours in (
        (1280, 900, "light"),
        (1280, 900, "dark"),
        (390, 844, "light"),
        (390, 844, "dark"),
    ):
        browser.set_view(page, width, height, colours)
        path = screenshots / f"page-{width}-{colours}.png"
        path.write_bytes(base64.b64decode(page.get_screenshot_as_base64()))
        assert np.asarray(Image.open(path)).std() > 5
        overflow = page.execute_script(
            "return document.documentElement.scrollWidth - innerWidth"
        )
        assert overflow <= 0


def test_a_single_file_works_from_disk(folder, generator):
    with browser.open_browser() as driver:
        driver.get((folder / web_page.SINGLE_FILE).as_uri() + f"#seed={SEED}")
        wait(driver, lambda: find(driver, "#grid").get_attribute("data-seed"))
        canvas = find(driver, ".picture[data-index='4'] canvas")
        assert_close(read_pixels(driver, canvas), draw(generator, latent(4))[0])
        driver.get((folder / "index.html").as_uri())
        status = find(driver, "#status")
        wait(driver, lambda: "error" in status.get_attribute("class"))
        assert "--single_file" in status.text


def test_classes_are_chosen_and_transparent_pictures_are_shown(tmp_path):
    from selenium.webdriver.support.ui import Select

    browser.require_browser()
    model = tiny_run.ModelConfig((16, 16), 4, 20, 8, 5, num_classes=2)
    generator = exported_page.build_vivid_generator(model, "deconv_2", 500)
    exported_page.save_page(tmp_path, generator, model, ("cat", "dog"))
    address = (tmp_path / web_page.SINGLE_FILE).as_uri()
    with browser.open_browser() as driver:
        driver.get(f"{address}#seed=7")
        wait_for_class(driver, 0)  # There are no classes before.
        drawn = []
        for label, name in enumerate(("cat", "dog")):
            Select(find(driver, "#class")).select_by_visible_text(name)
            wait_for_class(driver, label)
            canvas = find(driver, ".picture canvas")
            drawn.append(browser.read_pixels(driver, canvas))
            expected = draw(generator, [latent(0).numpy(), np.array([label])])[
                0
            ]
            assert expected[..., 3].std() > 20
            difference = np.abs(drawn[-1].astype(int) - expected)
            assert difference[..., 3].max() <= 3
            # A canvas multiplies by alpha, and divides when it is asked.
            assert difference[expected[..., 3] > 128].max() <= 5
        assert np.abs(drawn[0].astype(int) - drawn[1]).max() > 5
        # A picture keeps its class, whichever is chosen when it is opened.
        driver.execute_script("document.getElementById('class').value = 0")
        find(driver, ".picture").click()
        canvas = find(driver, "#viewer-canvas")
        wait(driver, lambda: read_pixels(driver, canvas).any())
        difference = read_pixels(driver, canvas) - drawn[1][..., :3].astype(int)
        assert np.abs(difference).max() <= 1
        find(driver, "#close").click()
        find(driver, "#share").click()
        link = driver.current_url
        assert link.endswith("#seed=7&class=1")
        for shown, label, given in (
            (link, 1, 1),
            (f"{address}#seed=7", 0, 0),
            (f"{address}#seed=7&class=2", 0, 0),
        ):
            driver.get("about:blank")
            driver.get(shown)
            wait_for_class(driver, label)
            canvas = find(driver, ".picture canvas")
            pixels = browser.read_pixels(driver, canvas)
            np.testing.assert_array_equal(pixels, drawn[given])
            assert find(driver, "#class").get_property("value") == str(label)
        # In a page that is open, too; and other pictures keep the class.
        driver.get(link)
        wait_for_class(driver, 1)
        find(driver, "#new").click()
        assert driver.current_url.endswith("&class=1")


@pytest.fixture(scope="module")
def file_browser():
    """A browser for pages that are files."""
    with browser.open_browser() as driver:
        yield driver


@pytest.fixture(scope="module")
def described():
    """A generator of two classes: what a page says of it, and its file."""
    browser.require_browser()
    exported_page.skip_without_runtime()
    model = tiny_run.ModelConfig((16, 16), 1, 20, 8, 5, num_classes=2)
    generator = exported_page.build_vivid_generator(model, "deconv_2", 500)
    network = descriptions.describe_generator(generator, model, 1)
    contents = convert.convert(network, ["float16"], 1)["float16"]
    config = tiny_run.RunConfig(model, DataConfig(), tiny_run.TrainingConfig())

    def describe(names):
        return web_page.describe_model(generator, config, 1, names), contents

    return describe


@pytest.mark.parametrize(
    "names",
    [
        ("cat", "x" * 82),
        ("m" * 82, "cat"),
        ("cat", "W" * 282),
        ("a long name " * 24, "another-" * 35),
    ],
    ids=["82", "82 first", "282", "words"],
)
def test_long_names_stay_within_the_window(
    tmp_path, described, file_browser, names
):
    driver = file_browser
    web_page.save_page(tmp_path, *described(names), single_file=True)
    driver.get((tmp_path / web_page.SINGLE_FILE).as_uri())
    browser.wait_until_drawn(driver)
    for width in (390, 1280):
        browser.set_view(driver, width, 844)
        assert_within(driver, "#class")
        # Names of datasets, and what a browser says of a failure.
        for selector in ("#about", "#status", "#footer"):
            driver.execute_script(
                "document.querySelector(arguments[0]).textContent ="
                " arguments[1]",
                selector,
                max(names, key=len),
            )
            assert_within(driver, selector)


def assert_within(driver, selector):
    """Checks that the page isn't wider than its window, nor is an element."""
    widths = driver.execute_script(
        "const page = document.documentElement;"
        "const { right } = "
        "document.querySelector(arguments[0]).getBoundingClientRect();"
        "return [page.scrollWidth, right, page.clientWidth]",
        selector,
    )
    assert max(widths[:2]) <= widths[2], (selector, widths)


def wait_for_class(driver, label):
    """Waits until all pictures of the class are there."""
    grid = find(driver, "#grid")
    wait(driver, lambda: grid.get_dom_attribute("data-label") == str(label))
    browser.wait_until_drawn(driver)


@pytest.mark.parametrize("name", ["image_folder", ARRAYS, *EMBEDDED])
def test_visitors_read_what_was_learned_from_in_words(name):
    given = {"image_dir": "pictures"} if name == "image_folder" else {}
    config = tiny_run.RunConfig(
        tiny_run.MODEL, DataConfig(name, **given), tiny_run.TrainingConfig()
    )
    generator = build_generator(tiny_run.MODEL)
    described = web_page.describe_model(generator, config, 1)
    assert described["family"] == "dcgan"
    assert " " in described["dataset"]
    if name in ("image_folder", ARRAYS):
        assert described["dataset"] == "a collection of pictures"


def test_a_page_that_browsers_cannot_read_is_refused(tmp_path):
    exported_page.skip_without_runtime()
    with pytest.raises(ValueError, match="JSON"):
        web_page.save_page(tmp_path, {"directions": [[float("nan")]]}, b"")


def test_no_runtime_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(web_page, "_RUNTIME", tmp_path)
    with pytest.raises(FileNotFoundError, match="npm ci"):
        web_page.check_runtime()
