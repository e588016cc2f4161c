"""A real headless Chromium for tests of pages, with no way to other hosts."""

import contextlib
import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

_HOW_TO_GET = (
    "needs Chromium, its driver and selenium; on Debian: apt-get install "
    "chromium chromium-driver, then pip install -e '.[dev]'"
)
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--force-device-scale-factor=1",
    # Names resolve to nothing, so that only 127.0.0.1 can be reached.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--proxy-server=direct://",
)


def require_browser() -> None:
    """Skips the test where there is no Chromium, saying how to get it."""
    pytest.importorskip("selenium", reason=_HOW_TO_GET)
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip(_HOW_TO_GET)


@contextlib.contextmanager
def open_browser(
    width: int = 1280, height: int = 900, downloads: Path | None = None
) -> Iterator:
    """Starts Chromium; gives a `selenium.webdriver.Chrome`."""
    require_browser()
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in _FLAGS:
        options.add_argument(flag)
    if downloads is not None:
        options.add_experimental_option(
            "prefs", {"download.default_directory": str(downloads)}
        )
    service = Service(shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    try:
        # A window is never narrower than 500 pixels; a device's view is.
        set_view(driver, width, height)
        yield driver
    finally:
        driver.quit()


def set_view(driver, width: int, height: int, colours: str = "light") -> None:
    """Sets the page's size in CSS pixels, and light or dark."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        dict(width=width, height=height, deviceScaleFactor=1, mobile=False),
    )
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": colours}]},
    )


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serve_folder(folder: Path) -> Iterator[str]:
    """Serves static files on 127.0.0.1; gives the address."""
    handler = functools.partial(_Handler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
