"""The networks that a checkpoint stands for: those whose weights are final.

Averages take the weights' place where the run has them, and what normalises
D's kernels is in the kernels. Batch-norm statistics are not final yet: they
are measured by `sample_grids` for G and by `TrainedDiscriminator` for D.
"""

import hashlib
import os

import keras
import numpy as np

from dcgan_tf.config import ModelConfig, RunConfig
from dcgan_tf.models.networks import build_networks
from dcgan_tf.models.spectral_norm import fold_spectral_norm
from dcgan_tf.runs import checkpoints


def restore_final_networks(
    run_dir: str | os.PathLike, config: RunConfig, checkpoint: str
) -> tuple[keras.Model, keras.Model, int]:
    """Restores G and D with the run's final weights, in float32.

    Args:
        run_dir: The run.
        config: Its settings.
        checkpoint: `latest`, `best`, or a step.

    Returns:
        G, D and the checkpoint's step.

    Raises:
        CheckpointError: If there is no such checkpoint or none can be read.
    """
    generator, discriminator = build_networks(config.model)
    parts = {"generator": generator, "discriminator": discriminator}
    if not config.training.ema_decay:
        step = checkpoints.restore(run_dir, parts, checkpoint, partial=True)
        return generator, fold_discriminator(config.model, discriminator), step
    averaged = build_networks(config.model).discriminator
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
    return generator, fold_discriminator(config.model, discriminator), step


def fold_discriminator(
    model: ModelConfig, discriminator: keras.Model
) -> keras.Model:
    """Returns D with its kernels' normalisation in the kernels.

    Args:
        model: What D was built of. Where it has no spectral norm, D is
            returned as it is.
        discriminator: Its singular vectors are brought up to date.
    """
    if not model.spectral_norm:
        return discriminator
    plain = build_networks(model.plain).discriminator
    fold_spectral_norm(discriminator, plain)
    return plain


def copy_discriminator(
    model: ModelConfig, discriminator: keras.Model
) -> keras.Model:
    """Copies D: whoever has the first one keeps it as it is.

    Args:
        model: What D was built of.
        discriminator: From `fold_discriminator`.
    """
    copy = build_networks(model.plain).discriminator
    copy.set_weights(discriminator.get_weights())
    return copy


def digest_weights(model: keras.Model) -> str:
    """Returns a digest of a model's trained weights, in hexadecimal."""
    digest = hashlib.blake2b(digest_size=16)
    for variable in model.trainable_variables:
        digest.update(f"{variable.name}{tuple(variable.shape)}".encode())
        digest.update(np.ascontiguousarray(variable.numpy()))
    return digest.hexdigest()
