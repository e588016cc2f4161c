import json

import numpy as np
import pytest
from fixtures import tiny_run

from dcgan_tf.models.generator import build_generator
from dcgan_tf.serving.web import latent_directions
from dcgan_tf.serving.web.latent_directions import compute_directions

MODEL = tiny_run.ModelConfig((32, 32), 3, 20, 8, 5)


def test_directions_are_the_strongest():
    generator = build_generator(MODEL, seed=3)
    directions = compute_directions(generator, 8)
    assert directions.shape == (8, MODEL.latent_dim)
    tap = generator.get_layer("project").kernel.numpy()
    changes = [np.linalg.norm(d / np.linalg.norm(d) @ tap) for d in directions]
    mean = np.linalg.norm(tap) / np.sqrt(MODEL.latent_dim)
    assert changes[0] == max(changes) > mean


# Small maps have fewer activations than samples, large ones more.
@pytest.mark.parametrize("base_filters", [4, 64])
@pytest.mark.parametrize("constant", [-3.0, 3.0])
def test_activations_that_never_change_have_no_directions(
    base_filters, constant
):
    model = tiny_run.ModelConfig((32, 32), 3, 20, base_filters, 5)
    generator = build_generator(model)
    kernel = generator.get_layer("project").kernel
    kernel.assign(0 * kernel)
    for layer in generator.layers[: 1 + len(generator.layers) // 2]:
        for weight in layer.weights:
            if weight.name in ("beta", "bias"):
                weight.assign(0 * weight + constant)
    directions = compute_directions(generator, 8)
    np.testing.assert_array_equal(directions, np.zeros((8, 20)))


def test_fewer_ways_to_vary_than_directions_leave_zeros():
    generator = build_generator(MODEL, seed=3)
    kernel = generator.get_layer("project").kernel
    values = kernel.numpy()
    # One activation varies.
    values[:, 1:] = 0
    kernel.assign(values)
    directions = compute_directions(generator, 8)
    assert directions[0].any() and not directions[1:].any()


# The last that have two samples each, those that have one, and more of them.
@pytest.mark.parametrize("num_classes", [3, 700, 1_024, 2_048, 3_000])
def test_any_number_of_classes_has_directions(num_classes):
    model = tiny_run.ModelConfig((16, 16), 3, 20, 4, 5, num_classes=num_classes)
    generator = build_generator(model, seed=3)
    directions = compute_directions(generator, 4, num_classes=num_classes)
    lengths = np.linalg.norm(directions, axis=1)
    assert np.isfinite(directions).all() and lengths.min() > 0.1
    json.dumps(directions.tolist(), allow_nan=False)


@pytest.mark.parametrize("num_classes", [0, 1, 10, 128, 129, 5_000])
def test_each_class_has_several_samples(num_classes):
    labels = latent_directions._choose_labels(num_classes)
    chosen, counts = np.unique(labels, return_counts=True)
    assert counts.min() >= 16
    assert chosen.min() == 0 and chosen.max() < max(1, num_classes)
    assert len(chosen) == min(max(1, num_classes), 128)
