"""Random numbers that don't depend on which tests ran before."""

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def numbers_anew(request, monkeypatch):
    """Gives a module's generator of random numbers its start again."""
    if hasattr(request.module, "RNG"):
        monkeypatch.setattr(request.module, "RNG", np.random.default_rng(0))
