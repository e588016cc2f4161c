"""No test of distribution sees workers that surround the whole test run."""

import pytest
from fixtures import slurm


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in ("TF_CONFIG", "TPU_NAME", *slurm.VARIABLES):
        monkeypatch.delenv(name, raising=False)
