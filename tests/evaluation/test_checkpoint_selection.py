"""What training calls to find its best checkpoint."""

import numpy as np
import pytest

from dcgan_tf.config import DataConfig, ModelConfig, RunConfig
from dcgan_tf.data.source import build_array_source
from dcgan_tf.evaluation import checkpoint_selection, real_images
from dcgan_tf.evaluation.feature_extractors.random import build_random_features
from dcgan_tf.models.generator import build_generator
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.runs import sampling


def test_the_checkpoint_evaluator_tells_near_from_far(monkeypatch):
    model = ModelConfig((16, 16), 1, 5, 4, 3)
    generator = build_generator(model)
    config = RunConfig(
        model, resolve_run_config({}).data, resolve_run_config({}).training
    )
    noise = real_images.draw_noise((60, 16, 16, 1), 0)
    own = sampling.sample_images(generator, model, 60, seed=5)

    def build(held_out):
        real = real_images.RealImages(
            held_out, None, held_out, None, (), "x", "t"
        )
        monkeypatch.setattr(
            checkpoint_selection, "load_real_images", lambda *args: real
        )
        monkeypatch.setattr(checkpoint_selection, "_NUM_IMAGES", 60)
        source = build_array_source("x", "t", held_out, np.zeros(60))
        return checkpoint_selection.build_checkpoint_evaluator(
            config, training_source=source, held_out_source=source
        )(generator)

    near, far = build(own), build(noise)
    assert list(near) == ["frechet_random"]
    assert near["frechet_random"] < 0.1 * far["frechet_random"]


@pytest.mark.parametrize(
    ("labels", "num_classes", "drawn", "has_digest"),
    [
        ([0, 1] * 10, 2, [0, 1] * 10, False),
        ([0] * 18 + [1] * 2, 2, [0] * 18 + [1] * 2, True),
        ([0] * 18 + [1] * 2, 0, None, False),
    ],
)
def test_a_conditional_run_is_measured_by_its_classes(
    monkeypatch, labels, num_classes, drawn, has_digest
):
    images = real_images.draw_noise((20, 16, 16, 1), 0)
    seen = []

    def sample_in_batches(sampler, seeds, labels):
        seen.append(labels)
        return images

    monkeypatch.setattr(
        checkpoint_selection, "sample_in_batches", sample_in_batches
    )
    model = ModelConfig((16, 16), 1, 5, 4, 3, num_classes=num_classes)
    defaults = resolve_run_config({})
    data = DataConfig("image_folder", image_dir="x")
    config = RunConfig(model, data, defaults.training)
    source = build_array_source(
        "x", "train", images, labels, label_names=("a", "b")
    )
    evaluator = checkpoint_selection.build_checkpoint_evaluator(
        config, training_source=source, held_out_source=source
    )
    evaluator(None)
    assert (seen[0] if drawn is None else seen[0].tolist()) == drawn
    # Of names, of the images' contents, and of the classes drawn.
    assert len(evaluator.held_out.split()) == 2 + has_digest


def test_random_features_rank_noise_beyond_blends():
    """Nearer sets get smaller distances in the network without labels."""
    from dcgan_tf.evaluation.feature_extractors.feature_extractor import (
        compute_features,
    )
    from dcgan_tf.evaluation.measures.frechet import compute_frechet_distance

    rng = np.random.default_rng(0)
    real = np.full((120, 16, 16, 1), 40.0)
    real[:, 4:12, 4:12] += rng.uniform(0, 200, (120, 1, 1, 1))
    noise = real_images.draw_noise(real.shape, 1)
    network = build_random_features(real.shape[1:])

    def distance_to_real(share):
        mixed = (1 - share) * real[60:] + share * noise[60:]
        sets = [
            compute_features(network, part.astype(np.uint8)).features
            for part in (real[:60], mixed)
        ]
        return compute_frechet_distance(*sets)

    distances = [distance_to_real(share) for share in (0, 0.3, 0.6, 1)]
    assert distances == sorted(distances)
    assert distances[0] < 0.1 * distances[1]
