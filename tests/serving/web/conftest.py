"""An exported page, served and opened in a browser."""

import pytest
from fixtures import browser, exported_page


@pytest.fixture(scope="session")
def generator():
    model = exported_page.MODEL
    return exported_page.build_vivid_generator(model, "deconv_3", 2000)


@pytest.fixture(scope="session")
def folder(tmp_path_factory, generator):
    browser.require_browser()
    path = tmp_path_factory.mktemp("web") / "1"
    exported_page.save_page(path, generator, exported_page.MODEL)
    return path


@pytest.fixture(scope="session")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def page(folder, downloads):
    with (
        browser.serve_folder(folder) as address,
        browser.open_browser(downloads=downloads) as driver,
    ):
        driver.get(f"{address}#seed={exported_page.SEED}")
        browser.wait_until_drawn(driver)
        yield driver
