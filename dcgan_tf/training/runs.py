"""A run's folder: its settings, and its trained networks loaded back."""

import dataclasses
import importlib.metadata
import os
import platform
from pathlib import Path

import keras

from dcgan_tf.config import (
    RESUMABLE_SETTINGS,
    RunConfig,
    find_differences,
)
from dcgan_tf.models.discriminator import build_discriminator
from dcgan_tf.models.generator import build_generator
from dcgan_tf.training import checkpoints
from dcgan_tf.training.samples import reestimate_generator
from dcgan_tf.version import __version__

CONFIG_FILE = "config.json"


def load_run_config(run_dir: str | os.PathLike) -> RunConfig:
    """Reads a run's settings.

    Raises:
        FileNotFoundError: If the folder is no run.
        ValueError: If its config.json can't be read.
    """
    path = Path(run_dir) / CONFIG_FILE
    if not path.is_file():
        raise FileNotFoundError(
            f"{os.fspath(run_dir)!r} is not a run: it has no {CONFIG_FILE}; "
            "train one there first, or name another folder"
        )
    try:
        return RunConfig.from_json(path.read_text())
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)!r}: {error}") from error


def save_run_config(
    run_dir: str | os.PathLike, config: RunConfig, **extra
) -> None:
    """Writes a run's settings beside the versions that it is trained with."""
    path = Path(run_dir) / CONFIG_FILE
    versions = {
        name: importlib.metadata.version(name)
        for name in ("tensorflow", "keras", "tensorflow-datasets", "numpy")
    }
    versions.update(dcgan_tf=__version__, python=platform.python_version())
    partial = path.with_suffix(".partial")
    partial.write_text(config.to_json(**extra, versions=versions))
    partial.replace(path)


def prepare_run_dir(run_dir: str | os.PathLike, config: RunConfig) -> None:
    """Makes a folder ready for a run to start or to go on in.

    Raises:
        ValueError: If the folder holds another run, or something else.
        OSError: If it can't be written.
    """
    path = Path(run_dir)
    if (path / CONFIG_FILE).exists() and checkpoints.list_steps(path):
        _check_resumable(path, load_run_config(path), config)
    elif path.is_dir() and not (path / CONFIG_FILE).exists():
        if any(path.iterdir()):
            raise ValueError(
                f"run folder {os.fspath(run_dir)!r} holds other files and no "
                "run; name an empty or a new folder"
            )
    try:
        for name in ("checkpoints", "samples", "logs"):
            (path / name).mkdir(parents=True, exist_ok=True)
        probe = path / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OSError(
            f"run folder {os.fspath(run_dir)!r} cannot be written "
            f"({error.strerror}); name another with --run_dir"
        ) from error
    checkpoints.clear_unfinished(path)


def _check_resumable(path: Path, old: RunConfig, new: RunConfig) -> None:
    differences = {
        name: values
        for name, values in find_differences(old, new).items()
        if name not in RESUMABLE_SETTINGS
    }
    if differences:
        listing = "; ".join(
            f"{name.split('.')[1]} was {was!r}, is now {now!r}"
            for name, (was, now) in differences.items()
        )
        raise ValueError(
            f"run {os.fspath(path)!r} was started with other settings: "
            f"{listing}. Give the same settings to go on with it, or another "
            "--run_dir to start anew"
        )


@dataclasses.dataclass(frozen=True)
class TrainedNetworks:
    """A run's networks at one checkpoint, in float32.

    Attributes:
        generator: With the averaged weights where the run has them, and
            re-estimated batch-norm statistics.
        discriminator: With the batch-norm statistics of training.
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
    name = "averaged_generator" if config.training.ema_decay else "generator"
    step = checkpoints.restore(
        run_dir,
        {name: generator, "discriminator": discriminator},
        checkpoint,
        partial=True,
    )
    reestimate_generator(generator, config)
    return TrainedNetworks(generator, discriminator, config, step)


def load_generator(
    run_dir: str | os.PathLike, checkpoint: str = "latest"
) -> keras.Model:
    """Loads a run's generator; see `load_networks`."""
    return load_networks(run_dir, checkpoint).generator
