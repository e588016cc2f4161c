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
from dcgan_tf.models.features import build_feature_extractor
from dcgan_tf.models.generator import build_generator
from dcgan_tf.training import checkpoints
from dcgan_tf.training.samples import reestimate_generator
from dcgan_tf.training.state import TrainingState
from dcgan_tf.version import __version__

CONFIG_FILE = "config.json"
_FOLDERS = ("checkpoints", "samples", "logs")


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


def check_run_dir(run_dir: str | os.PathLike, config: RunConfig) -> None:
    """Checks that a run may start or go on in a folder, changing nothing.

    Raises:
        ValueError: If the folder holds another run, or something else.
    """
    path = Path(run_dir)
    is_run = (path / CONFIG_FILE).exists()
    if is_run and checkpoints.list_steps(path):
        _check_resumable(path, load_run_config(path), config)
    elif path.exists() and not path.is_dir():
        raise ValueError(
            f"run folder {os.fspath(run_dir)!r} is a file; name a folder"
        )
    elif path.is_dir() and not is_run and not _is_unused(path):
        raise ValueError(
            f"run folder {os.fspath(run_dir)!r} holds other files and no "
            "run; name an empty or a new folder"
        )


def _is_unused(path: Path) -> bool:
    """Whether a folder holds nothing but what `make_run_dir` makes."""
    return all(
        entry.name in _FOLDERS and entry.is_dir() for entry in path.iterdir()
    )


def make_run_dir(run_dir: str | os.PathLike) -> None:
    """Makes a run's folders, and removes what a killed process left.

    Raises:
        OSError: If the folder can't be written.
    """
    path = Path(run_dir)
    try:
        for name in _FOLDERS:
            (path / name).mkdir(parents=True, exist_ok=True)
        probe = path / "logs" / ".writable"
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


def restore_networks(
    init_from: str, config: RunConfig, state: TrainingState
) -> None:
    """Copies another run's networks into a run's state, not its optimizers.

    Args:
        init_from: `RUN` for its latest checkpoint, or `RUN@STEP`.
        config: The new run's settings.
        state: Changed in place.

    Raises:
        FileNotFoundError: If there is no such run.
        ValueError: If its networks have another shape, or it has no such
            checkpoint.
    """
    run_dir, _, step = init_from.partition("@")
    old = load_run_config(run_dir)
    if old.model != config.model:
        raise ValueError(
            f"run {run_dir!r} has other networks ({old.model}) than this one "
            f"({config.model}); give the same sizes to start from it"
        )
    names = ["generator", "discriminator"]
    if state.averages() and old.training.ema_decay:
        names += ["averaged_generator", "averaged_discriminator"]
    parts = {name: getattr(state, name) for name in names}
    checkpoints.restore(run_dir, parts, step or "latest", partial=True)
    if not old.training.ema_decay:
        for averaged, model in state.averages():
            averaged.set_weights(model.get_weights())


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
