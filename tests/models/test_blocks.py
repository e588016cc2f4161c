"""Parts of both networks."""

import dataclasses

import keras
import numpy as np
import pytest

from dcgan_tf.config import ModelConfig
from dcgan_tf.models import blocks
from dcgan_tf.models.discriminator import build_discriminator
from dcgan_tf.models.generator import build_generator

CONFIG = ModelConfig((16, 16), 1, latent_dim=4, base_filters=2)


def draw(make):
    return make()((200, 50)).numpy()


def test_each_weight_has_values_of_its_own():
    initializers = blocks.NormalInitializers(seed=1)
    first, second = draw(initializers.make_kernel), draw(initializers.make_gain)
    assert first.std() == pytest.approx(0.02, rel=0.03)
    assert second.std() == pytest.approx(0.02, rel=0.03)
    assert abs(first.mean()) < 1e-3 and abs(second.mean() - 1) < 1e-3
    correlation = np.corrcoef(first.ravel(), second.ravel())[0, 1]
    assert abs(correlation) < 0.05


@pytest.mark.parametrize("other", [{"seed": 2}, {"seed": 1, "stream": 1}])
def test_seeds_and_streams_differ(other):
    values = draw(blocks.NormalInitializers(seed=1).make_kernel)
    same = draw(blocks.NormalInitializers(seed=1).make_kernel)
    np.testing.assert_array_equal(values, same)
    different = draw(blocks.NormalInitializers(**other).make_kernel)
    assert abs(np.corrcoef(values.ravel(), different.ravel())[0, 1]) < 0.05


@pytest.mark.parametrize("num_classes, num_weights", [(0, 4), (3, 2)])
def test_conditional_batch_norm_has_no_gain_and_bias(num_classes, num_weights):
    config = dataclasses.replace(CONFIG, num_classes=num_classes)
    make_norm = blocks.make_norm_factory(
        config, "float32", blocks.NormalInitializers(0)
    )
    norm = make_norm("some_norm")
    norm.build((None, 4, 4, 2))
    assert norm.name == "some_norm" and norm.synchronized
    assert len(norm.weights) == num_weights


@pytest.mark.parametrize("shape", [(2, 5), (2, 3, 4, 5)])
def test_labels_join_vectors_and_every_pixel(shape):
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    one_hot = np.eye(3, dtype=np.float32)[[2, 0]]
    layer = blocks.JoinLabels()
    joined = layer([values, one_hot]).numpy()
    assert joined.shape == layer.compute_output_shape([shape, one_hot.shape])
    np.testing.assert_array_equal(joined[..., :5], values)
    np.testing.assert_array_equal(
        joined[..., 5:],
        np.broadcast_to(
            one_hot.reshape(2, *(1,) * (len(shape) - 2), 3), (*shape[:-1], 3)
        ),
    )


@pytest.mark.parametrize("build", [build_generator, build_discriminator])
def test_labels_join_in_the_precision_of_what_follows(build):
    """In float32, maps in low precision would be cast there and back."""
    config = dataclasses.replace(CONFIG, num_classes=3)
    layers = build(config, "mixed_bfloat16").layers
    joins = [x for x in layers if isinstance(x, blocks.JoinLabels)]
    assert len(joins) == 3
    for join in joins:
        following = layers[layers.index(join) + 1]
        assert join.compute_dtype == following.compute_dtype


def test_stages_are_a_sequence_unless_there_are_labels():
    def build(num_classes):
        stages = [[keras.layers.Dense(3), keras.layers.ReLU()]]
        config = dataclasses.replace(CONFIG, num_classes=num_classes)
        return blocks.join_stages(keras.Input((4,)), stages, config, "some")

    assert isinstance(build(0), keras.Sequential)
    conditional = build(2)
    assert [x.name for x in conditional.inputs][1] == "labels"
    outputs = conditional([np.zeros((5, 4)), np.arange(5) % 2])
    assert outputs.shape == (5, 3)
