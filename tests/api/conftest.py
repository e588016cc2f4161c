"""A tiny run of arrays, a conditional one, and an export."""

import numpy as np
import pytest
from fixtures.tiny_arrays import TINY, make_images

import dcgan_tf


@pytest.fixture(scope="package")
def images():
    return make_images()


@pytest.fixture(scope="package")
def held_out():
    return make_images(12, seed=1)


@pytest.fixture(scope="package")
def run(tmp_path_factory, images, held_out):
    run_dir = tmp_path_factory.mktemp("api") / "run"
    return dcgan_tf.train(images, run_dir, held_out=held_out, **TINY)


@pytest.fixture(scope="package")
def conditional_run(tmp_path_factory, images):
    run_dir = tmp_path_factory.mktemp("api") / "conditional"
    labels = np.arange(len(images)) % 4
    return dcgan_tf.train(
        (images, labels),
        run_dir,
        label_names=["a", "b", "c", "d"],
        conditional=True,
        **TINY,
    )


@pytest.fixture(scope="package")
def export_dir(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("api") / "export"
    run.export(folder, log=lambda line: None)
    return folder
