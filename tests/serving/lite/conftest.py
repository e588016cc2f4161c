"""LiteRT files that the tests of this folder share."""

import numpy as np
import pytest
from fixtures import tiny_run

from dcgan_tf.models.generator import build_generator
from dcgan_tf.serving.lite import descriptions, lite_files

MODEL = tiny_run.MODEL


def sharpen(generator):
    """Makes a new generator's pale images use their range."""
    kernel = generator.get_layer("deconv_2").kernel
    kernel.assign(kernel * 20)


@pytest.fixture(scope="session")
def generator():
    network = build_generator(MODEL)
    sharpen(network)
    return network


@pytest.fixture(scope="session")
def exported(tmp_path_factory, generator, networks):
    images = np.random.default_rng(0).uniform(-1, 1, (20, 16, 16, 3))
    folder = tmp_path_factory.mktemp("lite") / "1"
    described = [
        descriptions.describe_generator(generator, MODEL, step=3),
        descriptions.describe_features(
            networks.discriminator, MODEL, 3, images.astype(np.float32)
        ),
    ]
    return folder, lite_files.save_lite_files(folder, described, MODEL)
