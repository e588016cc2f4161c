"""The generator prepared for inference computes the same images."""

import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.config import ModelConfig
from dcgan_tf.kernels.prearranged import PrearrangedTranspose
from dcgan_tf.models.batch_norm import reestimate_statistics
from dcgan_tf.models.generator import build_generator
from dcgan_tf.models.inference import prepare_generator


@pytest.mark.parametrize(
    "config, num_arranged",
    [
        (ModelConfig((16, 16), base_filters=6), 2),
        (ModelConfig((32, 32), base_filters=6, kernel_size=4), 2),
        (ModelConfig((32, 48), base_filters=6), 1),
        (
            ModelConfig((16, 16), base_filters=6, kernel_size=3, num_classes=3),
            2,
        ),
        (ModelConfig((32, 32), base_filters=6, convs_per_scale=2), 1),
    ],
    ids=["square", "even_kernel", "wide", "conditional", "two_a_scale"],
)
def test_images_are_the_same(config, num_arranged):
    generator = build_generator(config, seed=1)
    inputs = tf.random.stateless_normal((8, config.latent_dim), (0, 0))
    if config.num_classes:
        inputs = [inputs, tf.range(8) % config.num_classes]
    reestimate_statistics(generator, [inputs])
    prepared = prepare_generator(generator)
    expected = generator(inputs, training=False)
    assert np.std(expected) > 0.01
    np.testing.assert_allclose(
        prepared(inputs, training=False), expected, atol=1e-5
    )
    kinds = [type(layer) for layer in prepared.layers]
    assert kinds.count(PrearrangedTranspose) == num_arranged
    # The last layer's arranged kernel is padded with zeros.
    for layer in generator.layers:
        if getattr(layer, "filters", None) != config.channels:
            copy = prepared.get_layer(layer.name)
            assert copy.count_params() == layer.count_params()
    assert [x.name for x in prepared.layers] == [
        x.name for x in generator.layers
    ]
