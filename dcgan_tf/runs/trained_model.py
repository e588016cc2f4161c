"""A run's trained networks loaded back, at one checkpoint."""

import dataclasses
import os

import keras

from dcgan_tf.config import RunConfig
from dcgan_tf.models.discriminator import build_discriminator
from dcgan_tf.models.features import build_feature_extractor
from dcgan_tf.models.generator import build_generator
from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.folder import load_run_config
from dcgan_tf.runs.sample_grids import reestimate_generator


@dataclasses.dataclass(frozen=True)
class TrainedNetworks:
    """A run's networks at one checkpoint, in float32.

    Attributes:
        generator: With the averaged weights where the run has them, and
            re-estimated batch-norm statistics.
        discriminator: With the averaged weights where the run has them, and
            the batch-norm statistics of training.
        config: The run's settings.
        step: The checkpoint's step.
    """

    generator: keras.Model
    discriminator: keras.Model
    config: RunConfig
    step: int


def load_networks(
    run_dir: str | os.PathLike, checkpoint: str = "latest"
) -> TrainedNetworks:
    """Loads a run's networks, whatever the precision they trained in.

    Args:
        run_dir: The run.
        checkpoint: `latest`, `best`, or a step.

    Raises:
        FileNotFoundError: If the folder is no run.
        CheckpointError: If it has no such checkpoint or none can be read.
    """
    config = load_run_config(run_dir)
    generator = build_generator(config.model)
    discriminator = build_discriminator(config.model)
    if not config.training.ema_decay:
        parts = {"generator": generator, "discriminator": discriminator}
        step = checkpoints.restore(run_dir, parts, checkpoint, partial=True)
    else:
        averaged = build_discriminator(config.model)
        parts = {
            "averaged_generator": generator,
            "averaged_discriminator": averaged,
            "discriminator": discriminator,
        }
        step = checkpoints.restore(run_dir, parts, checkpoint, partial=True)
        # The averages' own statistics are those before the first step.
        for variable, average in zip(
            discriminator.trainable_variables,
            averaged.trainable_variables,
            strict=True,
        ):
            variable.assign(average)
    reestimate_generator(generator, config)
    return TrainedNetworks(generator, discriminator, config, step)


def load_generator(
    run_dir: str | os.PathLike, checkpoint: str = "latest"
) -> keras.Model:
    """Loads a run's generator; see `load_networks`."""
    return load_networks(run_dir, checkpoint).generator


def load_feature_extractor(
    run_dir: str | os.PathLike, checkpoint: str = "latest"
) -> keras.Model:
    """Loads a run's discriminator as a feature extractor.

    Batch-norm statistics are those of training; re-estimate them with
    `reestimate_statistics` on real images where that matters, as the export
    does.

    Args:
        run_dir: The run.
        checkpoint: `latest`, `best`, or a step.

    Returns:
        See `build_feature_extractor`.

    Raises:
        ValueError: If the run is conditional, or as `load_networks`.
    """
    return build_feature_extractor(
        load_networks(run_dir, checkpoint).discriminator
    )
