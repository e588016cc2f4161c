"""A cache folder of the tests' own, and a small folder of pictures."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def cache_home(tmp_path_factory, monkeypatch):
    home = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    return home


@pytest.fixture
def write_pictures():
    """Writes noise: `write_pictures(folder, names, size)`."""

    def write(folder, names, size=(20, 20), seed=0):
        rng = np.random.default_rng(seed)
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            noise = rng.integers(0, 256, (*size, 3), np.uint8)
            Image.fromarray(noise).save(path, format="PNG")

    return write
