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
from fixtures import browser, tiny_run
from PIL import Image

from dcgan_tf import images
from dcgan_tf.latents import latents_from_seeds
from dcgan_tf.models.generator import build_generator
from dcgan_tf.serving.lite import convert, descriptions
from dcgan_tf.serving.web import page as web_page

MODEL = tiny_run.ModelConfig((32, 32), 3, 20, 8, 5)
SEED = 7
WAIT_SECONDS = 60
PIXELS = """
const canvas = arguments[0];
const { width, height } = canvas;
const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
return [width, height, Array.from(data)];
"""


@pytest.fixture(scope="module")
def generator():
    network = build_generator(MODEL, seed=3)
    kernel = network.get_layer("deconv_3").kernel
    kernel.assign(kernel * 2000)  # New networks draw next to nothing.
    return network


@pytest.fixture(scope="module")
def folder(tmp_path_factory, generator):
    browser.require_browser()
    try:
        web_page.check_runtime()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    config = tiny_run.RunConfig(
        MODEL, tiny_run.DataConfig(), tiny_run.TrainingConfig()
    )
    network = descriptions.describe_generator(generator, MODEL, 1)
    contents = convert.convert(network, ["float16"], 1)["float16"]
    path = tmp_path_factory.mktemp("web") / "1"
    model = web_page.describe_model(generator, config, 1)
    web_page.save_page(path, model, contents, single_file=True)
    return path


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def page(folder, downloads):
    with (
        browser.serve_folder(folder) as address,
        browser.open_browser(downloads=downloads) as driver,
    ):
        driver.get(f"{address}#seed={SEED}")
        wait(driver, lambda: find(driver, "#grid").get_attribute("data-seed"))
        yield driver


@pytest.fixture(scope="module")
def screenshots(tmp_path_factory):
    given = os.environ.get("DCGAN_TF_SCREENSHOTS")
    path = Path(given or tmp_path_factory.getbasetemp() / "page_screenshots")
    path.mkdir(parents=True, exist_ok=True)
    return path


def wait(driver, condition):
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(driver, WAIT_SECONDS, 0.05).until(
        lambda _: condition()
    )


def find(driver, selector):
    return driver.find_element("css selector", selector)


def read_pixels(driver, canvas):
    width, height, data = driver.execute_script(PIXELS, canvas)
    return np.array(data, np.uint8).reshape(height, width, 4)[..., :3]


def draw(generator, latents):
    return images.to_uint8(generator(latents)).numpy()


def latent(index, seed=SEED):
    return latents_from_seeds([seed * 1_000_000 + index], MODEL.latent_dim)


def assert_close(given, expected):
    """Half-precision weights move a pixel by a level or two."""
    difference = np.abs(given.astype(int) - expected.astype(int))
    assert difference.max() <= 3 and difference.mean() < 0.5


def test_eight_pictures_are_pythons(page, generator):
    canvases = page.find_elements("css selector", ".picture canvas")
    assert len(canvases) == 60
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


def test_directions_are_the_strongest(generator):
    from dcgan_tf.serving.web.latent_directions import compute_directions

    directions = compute_directions(generator, 8)
    assert directions.shape == (8, MODEL.latent_dim)
    tap = generator.get_layer("project").kernel.numpy()
    changes = [np.linalg.norm(d / np.linalg.norm(d) @ tap) for d in directions]
    mean = np.linalg.norm(tap) / np.sqrt(MODEL.latent_dim)
    assert changes[0] == max(changes) > mean


def test_a_walk_plays_and_is_saved(page, downloads):
    canvas = find(page, "#walk-canvas")
    if find(page, "#play").text == "Play":
        find(page, "#play").click()
    before = read_pixels(page, canvas)
    start = int(canvas.get_attribute("data-frames") or 0)
    wait(page, lambda: int(canvas.get_attribute("data-frames")) > start + 10)
    assert (read_pixels(page, canvas) != before).any()
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
    picture = read_pixels(page, find(page, ".picture canvas"))
    assert np.abs(first - picture).mean() < 8


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


def test_classes_are_chosen_and_transparent_pictures_are_shown(
    folder, tmp_path
):
    from selenium.webdriver.support.ui import Select

    model = tiny_run.ModelConfig((16, 16), 4, 20, 8, 5, num_classes=2)
    generator = build_generator(model, seed=3)
    generator.get_layer("deconv_2").kernel.assign(
        generator.get_layer("deconv_2").kernel * 500
    )
    config = tiny_run.RunConfig(
        model, tiny_run.DataConfig(), tiny_run.TrainingConfig()
    )
    network = descriptions.describe_generator(generator, model, 1)
    contents = convert.convert(network, ["float16"], 1)["float16"]
    described = web_page.describe_model(generator, config, 1, ("cat", "dog"))
    web_page.save_page(tmp_path, described, contents, single_file=True)
    with browser.open_browser() as driver:
        driver.get((tmp_path / web_page.SINGLE_FILE).as_uri() + "#seed=7")
        drawn = []
        for label, name in enumerate(("cat", "dog")):
            select = find(driver, "#class")
            wait(driver, lambda: find(driver, "#grid").get_dom_attribute(
                "data-seed"
            ))  # fmt: skip
            Select(select).select_by_visible_text(name)
            wait(driver, lambda: find(driver, "#grid").get_dom_attribute(
                "data-seed"
            ))  # fmt: skip
            canvas = find(driver, ".picture canvas")
            width, height, data = driver.execute_script(PIXELS, canvas)
            drawn.append(np.array(data, np.uint8).reshape(height, width, 4))
            expected = draw(generator, [latent(0).numpy(), np.array([label])])[
                0
            ]
            assert expected[..., 3].std() > 20
            difference = np.abs(drawn[-1].astype(int) - expected)
            assert difference[..., 3].max() <= 3
            # A canvas multiplies by alpha, and divides when it is asked.
            assert difference[expected[..., 3] > 128].max() <= 5
        # A picture keeps its class, whichever is chosen when it is opened.
        driver.execute_script("document.getElementById('class').value = 0")
        find(driver, ".picture").click()
        canvas = find(driver, "#viewer-canvas")
        wait(driver, lambda: read_pixels(driver, canvas).any())
        difference = read_pixels(driver, canvas) - drawn[1][..., :3].astype(int)
        assert np.abs(difference).max() <= 1
    assert np.abs(drawn[0].astype(int) - drawn[1]).max() > 5


def test_no_runtime_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(web_page, "_RUNTIME", tmp_path)
    with pytest.raises(FileNotFoundError, match="npm ci"):
        web_page.check_runtime()
