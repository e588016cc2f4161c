"""Real images are read for a D that has statistics of them, and no other."""

import dataclasses

import numpy as np
import pytest

from dcgan_tf.config import ModelConfig
from dcgan_tf.models.networks import build_networks
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.runs.trained_discriminator import TrainedDiscriminator

DCGAN = ModelConfig((16, 16), 1, latent_dim=5, base_filters=2)


def choose_model(family: str) -> ModelConfig:
    settings = dict(family=family, image_size=(16, 16), hidden_units=10)
    if family == "lapgan":
        settings["base_filters"] = 2
    return resolve_run_config(settings).model


@pytest.mark.parametrize(
    ("model", "num_reads"),
    [
        (DCGAN, 1),
        (dataclasses.replace(DCGAN, num_classes=3), 0),
        (dataclasses.replace(DCGAN, discriminator_batch_norm=False), 0),
        (choose_model("gan"), 0),
        (choose_model("lapgan"), 0),
    ],
    ids=["dcgan", "conditional", "no batch norm", "gan", "lapgan"],
)
def test_images_are_read_where_they_are_measured(model, num_reads):
    reads = []

    def read():
        reads.append(1)
        return [np.zeros((2, 16, 16, 1), np.float32)]

    network = build_networks(model).discriminator
    trained = TrainedDiscriminator(model, read, str, lambda: network)
    assert trained.network is network
    trained.build_random(seed=0)
    assert len(reads) == num_reads
