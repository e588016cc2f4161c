"""A run whose own pictures are gone, and pictures to probe it on."""

import shutil

import pytest
from fixtures import tiny_run, transfer

from dcgan_tf.config import ModelConfig


@pytest.fixture(scope="package")
def colours(tmp_path_factory):
    return transfer.make_colours(tmp_path_factory.mktemp("probed") / "colours")


@pytest.fixture(scope="package")
def orphan(tmp_path_factory):
    """A run whose own pictures are deleted, and a grey one."""
    folder = tmp_path_factory.mktemp("orphan")
    pictures = tiny_run.make_pictures(folder / "pictures")
    tiny_run.make_run(folder / "run", pictures)
    grey = ModelConfig((16, 16), 1, latent_dim=5, base_filters=4, kernel_size=3)
    tiny_run.make_run(folder / "grey", pictures, grey)
    shutil.rmtree(pictures)
    return folder / "run"


@pytest.fixture
def run_dir(orphan, tmp_path):
    """A copy, without results."""
    return shutil.copytree(orphan, tmp_path / "run")


@pytest.fixture(autouse=True)
def small(monkeypatch):
    transfer.make_small(monkeypatch)
