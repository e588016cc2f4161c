"""The trained networks that a picture looks into, and what it says of them."""

import dataclasses
import os
from pathlib import Path

import keras
import numpy as np

from dcgan_tf import images
from dcgan_tf.config import RunConfig
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.pipeline import load_images
from dcgan_tf.data.source import Source
from dcgan_tf.latents import sample_latents
from dcgan_tf.models.discriminator import build_discriminator
from dcgan_tf.runs.trained_model import load_networks

# Samples that have a number to be named by; the paper's authors drew boxes
# on as many (Section 6.3.1).
NUM_NUMBERED = 150

_BATCH_SIZE = 128


@dataclasses.dataclass(frozen=True)
class Subject:
    """A run at one checkpoint, and the seed of what is drawn from it.

    Attributes:
        name: The run folder's name.
        config: The run's settings.
        step: The checkpoint's step.
        generator: float32, unconditional.
        discriminator: float32, unconditional.
        seed: Of latents and random choices.
    """

    name: str
    config: RunConfig
    step: int
    generator: keras.Sequential
    discriminator: keras.Sequential
    seed: int = 0

    @property
    def origin(self) -> str:
        """What every caption ends with."""
        return (
            f"Run {self.name} ({self.config.data.dataset}), checkpoint of "
            f"step {self.step:,}, seed {self.seed}."
        )

    def sample_latents(self, count: int, stream: int = 0) -> np.ndarray:
        """Draws latents; another stream gives others.

        Args:
            count: How many.
            stream: Tells draws of the same seed apart.

        Returns:
            float32 `(count, latent_dim)`, uniform in `[-1, 1)`.
        """
        seed = (self.seed, stream)
        return sample_latents(count, self.config.model.latent_dim, seed).numpy()

    def numbered_latents(self) -> np.ndarray:
        """Returns the latents of the 150 numbered samples of the seed.

        Always drawn together: a shorter draw may hold other numbers.
        """
        return self.sample_latents(NUM_NUMBERED)

    def generate(self, latents: np.ndarray) -> np.ndarray:
        """Generates images; see `generate_images`."""
        return generate_images(self.generator, latents)

    def build_untrained_discriminator(self) -> keras.Sequential:
        """Builds D with the random weights it began training with."""
        return build_discriminator(
            self.config.model, seed=self.config.training.seed
        )


def load_subject(
    run_dir: str | os.PathLike, checkpoint: str = "latest", seed: int = 0
) -> Subject:
    """Loads a run to look into.

    Args:
        run_dir: The run.
        checkpoint: `latest`, `best`, or a step.
        seed: Of latents and random choices.

    Raises:
        FileNotFoundError: If the folder is no run.
        ValueError: If its networks are conditional, or it has no such
            checkpoint.
    """
    networks = load_networks(run_dir, checkpoint)
    if networks.config.model.num_classes:
        raise ValueError(
            f"run {os.fspath(run_dir)!r} is conditional; these views look "
            "into networks without labels"
        )
    return Subject(
        Path(run_dir).resolve().name,
        networks.config,
        networks.step,
        networks.generator,
        networks.discriminator,
        seed,
    )


def load_real_images(
    config: RunConfig, count: int, split: str = "train"
) -> tuple[np.ndarray, np.ndarray | None, Source]:
    """Reads the first images that a run trains on, or was not shown.

    Args:
        config: The run's settings.
        count: How many at most.
        split: `train` or `test`.

    Returns:
        uint8 images `(count, height, width, channels)`; int32 labels
        `(count,)` or `(count, num_attributes)`, None where there are none;
        and the source, which names them.
    """
    source = load_source(config.data, split)
    real, labels = load_images(source, config.model, config.data, count)
    return real, labels, source


def generate_images(generator: keras.Model, latents: np.ndarray) -> np.ndarray:
    """Generates images in batches.

    Args:
        generator: Unconditional.
        latents: Floats `(count, latent_dim)`.

    Returns:
        uint8 `(count, height, width, channels)`.
    """
    return np.concatenate(
        [
            images.to_uint8(
                generator(latents[start : start + _BATCH_SIZE], training=False)
            ).numpy()
            for start in range(0, len(latents), _BATCH_SIZE)
        ]
    )
