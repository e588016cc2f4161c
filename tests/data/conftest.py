"""Every test of data has a cache folder of its own."""

import pytest


@pytest.fixture(autouse=True)
def own_cache(cache_home):
    pass
