import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.config import ModelConfig
from dcgan_tf.models.discriminator import build_discriminator
from dcgan_tf.models.features import build_feature_extractor
from dcgan_tf.presets import PRESETS, resolve_run_config


def test_imagenet_features_are_the_papers_28672_numbers():
    extractor = build_feature_extractor(
        build_discriminator(PRESETS["imagenet_32"])
    )
    assert extractor.output["features"].shape == (None, 28_672)


@pytest.mark.parametrize("size", [(32, 32), (48, 24), (28, 28)])
def test_features_are_the_pooled_activations(size):
    """Against a pooling written out cell by cell."""
    discriminator = build_discriminator(ModelConfig(size, 3, 8, 2), seed=3)
    images = np.random.default_rng(0).uniform(-1, 1, (2, *size, 3))
    images = images.astype(np.float32)
    outputs = build_feature_extractor(discriminator)(images)
    expected, maps = [], images
    for layer in discriminator.layers:
        maps = layer(maps)
        if not layer.name.endswith("_lrelu"):
            continue
        height, width = maps.shape[1:3]
        cells = np.empty((2, 4, 4, maps.shape[-1]), np.float32)
        for i in range(4):
            for j in range(4):
                rows = slice(i * height // 4, -(-(i + 1) * height // 4))
                columns = slice(j * width // 4, -(-(j + 1) * width // 4))
                cells[:, i, j] = tf.reduce_max(
                    maps[:, rows, columns], axis=(1, 2)
                )
        expected.append(cells.reshape(2, -1))
    np.testing.assert_allclose(
        outputs["features"], np.concatenate(expected, 1), atol=1e-6
    )
    np.testing.assert_allclose(
        outputs["logits"], discriminator(images), atol=1e-6
    )


@pytest.mark.parametrize("size", [(16, 16), (16, 32)])
def test_a_grid_finer_than_a_map_is_refused(size):
    discriminator = build_discriminator(ModelConfig(size, 1, 8, 2))
    with pytest.raises(ValueError, match="can't be pooled to 5x5"):
        build_feature_extractor(discriminator, grid_size=5)


def test_a_conditional_discriminator_is_refused():
    config = ModelConfig((16, 16), 1, 8, 4, num_classes=3)
    with pytest.raises(ValueError, match="train without labels"):
        build_feature_extractor(build_discriminator(config))


@pytest.mark.parametrize("family", ["gan", "lapgan"])
def test_families_without_features_are_named_before_labels(family):
    config = dataclasses.replace(
        resolve_run_config({"family": family}).model, num_classes=10
    )
    assert config.features_refusal.endswith("train a dcgan for them")


@pytest.mark.parametrize(
    "images, problem",
    [
        (np.zeros((2, 16, 16, 1), np.uint8), "takes float .* got uint8"),
        (np.zeros((2, 16, 16, 1), np.int64), "takes float .* got int64"),
        (np.zeros((0, 16, 16, 1), np.float32), "at least one .* got none"),
    ],
)
def test_wrong_images_are_refused(images, problem):
    config = ModelConfig((16, 16), 1, base_filters=2)
    extractor = build_feature_extractor(build_discriminator(config))
    with pytest.raises(ValueError, match=problem):
        extractor(images)
    with pytest.raises(ValueError, match=problem):
        tf.function(extractor)(images)
