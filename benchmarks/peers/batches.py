"""What every peer trains on: one batch of noise, kept in memory."""

import numpy as np

from dcgan_tf.config import ModelConfig

# Adam's, of Radford et al. (2016), Section 4.
LEARNING_RATE = 2e-4
BETA_1 = 0.5


def make_config(model: dict) -> ModelConfig:
    """Reads `dataclasses.asdict` of a configuration after JSON."""
    return ModelConfig(**{**model, "image_size": tuple(model["image_size"])})


def draw_images(config: ModelConfig, batch_size: int) -> np.ndarray:
    """Returns float32 `(batch, height, width, channels)` in `[-1, 1]`."""
    shape = (batch_size, *config.image_size, config.channels)
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, shape).astype(np.float32)
