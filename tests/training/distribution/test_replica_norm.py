"""Batch norm by each replica's own statistics, where there is one replica.

On several: `tests/contracts/test_replicas.py`.
"""

import numpy as np
import tensorflow as tf

from dcgan_tf.presets import resolve_run_config
from dcgan_tf.training.state import build_training_state
from dcgan_tf.training.step import GradientTapeStep


def test_one_replica_trains_the_same_either_way():
    images = tf.random.stateless_uniform((4, 16, 16, 1), (0, 0), -1.0)
    latents = tf.random.stateless_uniform((4, 4), (0, 1), -1.0)
    weights = []
    for batch_norm in ("synchronised", "replica"):
        config = resolve_run_config(
            {
                "image_size": (16, 16), "base_filters": 2, "latent_dim": 4,
                "batch_norm": batch_norm,
            }
        )  # fmt: skip
        state = build_training_state(config, "float32")
        norm = state.discriminator.get_layer("conv_2_norm")
        assert norm.synchronized == (batch_norm == "synchronised")
        GradientTapeStep(state, config).update(images, latents)
        weights.append(
            [
                weight.numpy()
                for model in (state.generator, state.discriminator)
                for weight in model.weights
            ]
        )
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)
