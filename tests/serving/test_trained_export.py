"""A loaded export is that of one version."""

import shutil

import numpy as np
import pytest

from dcgan_tf.serving.trained_export import load_exported_model

KINDS = ("generator", "discriminator_features")


@pytest.fixture
def copy(export_dir, tmp_path):
    return shutil.copytree(export_dir, tmp_path / "export")


def test_it_stays_that_version_whatever_is_exported_meanwhile(copy):
    model = load_exported_model(copy)
    for kind in KINDS:
        (copy / kind / "2").mkdir()  # Of something that can't be loaded.
    images = model.sample_images(1)
    assert model.compute_features(images).shape[0] == 1
    assert model.digest_discriminator()


@pytest.mark.parametrize("removed", KINDS)
def test_a_version_that_was_removed_meanwhile_is_named(copy, removed):
    model = load_exported_model(copy)
    shutil.rmtree(copy / removed / "1")
    with pytest.raises(FileNotFoundError, match="removed after|no export"):
        model.sample_images(1)
        model.compute_features(np.zeros((1, 16, 16, 3), np.uint8))
