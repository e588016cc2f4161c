"""One tiny run and its export, which these tests only read."""

import pytest
from fixtures import tiny_run

from dcgan_tf.runs.trained_model import load_trained_model
from dcgan_tf.serving.export import export_run


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    pictures = tiny_run.make_pictures(folder / "pictures")
    return tiny_run.make_run(folder / "run", pictures)


@pytest.fixture(scope="session")
def networks(run_dir):
    return load_trained_model(run_dir)


@pytest.fixture(scope="session")
def export_dir(run_dir):
    folder = run_dir.parent / "export"
    export_run(run_dir, folder, log=lambda line: None)
    return folder
