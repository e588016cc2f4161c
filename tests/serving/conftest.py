"""One tiny run and its export, which these tests only read."""

import pytest
from serving import tiny_run

from dcgan_tf.serving.exporting import export_run
from dcgan_tf.training.runs import load_networks


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    pictures = tiny_run.make_pictures(folder / "pictures")
    return tiny_run.make_run(folder / "run", pictures)


@pytest.fixture(scope="session")
def networks(run_dir):
    return load_networks(run_dir)


@pytest.fixture(scope="session")
def export_dir(run_dir):
    folder = run_dir.parent / "export"
    export_run(run_dir, folder, say=lambda line: None)
    return folder
