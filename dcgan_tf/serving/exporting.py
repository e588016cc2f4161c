"""A trained run becomes a version of everything that can be shipped."""

import dataclasses
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import tensorflow as tf

from dcgan_tf.config import DataConfig, RunConfig
from dcgan_tf.data.pipeline import build_training_dataset
from dcgan_tf.data.sources import load_source
from dcgan_tf.models.batch_norm import reestimate_statistics
from dcgan_tf.serving import saved_model, versions
from dcgan_tf.training.runs import load_networks

FORMATS = ("saved_model",)

# Enough that the statistics' own noise is small beside a batch's.
_STATISTICS_BATCH = 128
_NUM_STATISTICS_BATCHES = 8


@dataclasses.dataclass(frozen=True)
class ExportedPart:
    """One line of an export's table.

    Attributes:
        name: What it is.
        num_bytes: Of all its files.
        check: What was checked, or what to know.
        path: Where it is.
    """

    name: str
    num_bytes: int
    check: str
    path: Path


@dataclasses.dataclass(frozen=True)
class Export:
    """What an export made.

    Attributes:
        version: Its number.
        step: The checkpoint's step.
        parts: The lines of its table.
        removed: Old versions' folders that were removed.
    """

    version: int
    step: int
    parts: tuple[ExportedPart, ...]
    removed: tuple[Path, ...]


def export_run(
    run_dir: str | os.PathLike,
    export_dir: str | os.PathLike,
    *,
    checkpoint: str = "latest",
    formats: Sequence[str] = ("saved_model",),
    real_data: DataConfig | None = None,
    keep_versions: int = 0,
    say: Callable[[str], None] = print,
) -> Export:
    """Exports a run's networks, complete or not at all.

    Args:
        run_dir: The run.
        export_dir: Where versions of exports are.
        checkpoint: `latest`, `best` or a step.
        formats: Of `FORMATS`.
        real_data: Where real images are for D's batch-norm statistics, if
            not where the run says.
        keep_versions: How many versions of each part to keep; 0 for all.
        say: Takes what the user should know, a line a call.

    Returns:
        What was made.

    Raises:
        FileNotFoundError: If `run_dir` is no run.
        ValueError: If it has no such checkpoint, or `real_data` was given
            and has no images.
        OSError: If `export_dir` can't be written, or `real_data` was given
            and can't be read.
    """
    networks = load_networks(run_dir, checkpoint)
    config = networks.config
    record = versions.Record(config, networks.step, os.path.abspath(run_dir))
    parts = []
    kinds = [saved_model.GENERATOR]
    if config.model.num_classes:
        say(
            "a conditional discriminator has no features of images alone: "
            "only the generator is exported"
        )
    else:
        kinds.append(saved_model.FEATURES)
        measure_statistics(networks.discriminator, config, real_data, say)
    with versions.write_version(export_dir, kinds, record) as (version, aside):
        saved_model.save_generator(
            networks.generator, config.model, aside[saved_model.GENERATOR]
        )
        if saved_model.FEATURES in kinds:
            saved_model.save_feature_extractor(
                networks.discriminator,
                config.model,
                config.data,
                aside[saved_model.FEATURES],
            )
    folders = [Path(export_dir) / kind for kind in kinds]
    parts += [
        ExportedPart(
            folder.name,
            measure_bytes(folder / str(version)),
            "",
            folder / str(version),
        )
        for folder in folders
    ]
    removed = tuple(
        folder / str(old)
        for folder in folders
        for old in versions.remove_old_versions(folder, keep_versions)
    )
    return Export(version, networks.step, tuple(parts), removed)


def measure_statistics(
    discriminator: keras.Model,
    config: RunConfig,
    real_data: DataConfig | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Re-estimates D's batch-norm statistics on real training images.

    Where the run's data is not to be had, the statistics of training stay,
    and that is said.

    Args:
        discriminator: Changed in place.
        config: The run's settings.
        real_data: Where the images are, if not where the run says.
        say: Takes a line for the user.

    Raises:
        ValueError: If `real_data` was given and is no data.
        OSError: If `real_data` was given and can't be read.
    """
    try:
        batches = _read_real_batches(config, real_data or config.data)
        count = reestimate_statistics(discriminator, batches)
    except (ValueError, OSError, ImportError, tf.errors.OpError) as error:
        if real_data is not None:
            raise
        say(
            "the discriminator keeps its saved batch-norm statistics, since "
            f"the run's data can't be read ({error}); --data_dir or "
            "--image_dir says where it is"
        )
        return
    say(
        f"the discriminator's batch-norm statistics are those of {count} "
        f"batches of real images from {(real_data or config.data).dataset}"
    )


def _read_real_batches(config: RunConfig, data: DataConfig):
    source = load_source(data, "train")
    batch_size = min(_STATISTICS_BATCH, source.num_examples)
    if source.read is not None:
        # A few batches don't repay decoding everything.
        data = dataclasses.replace(data, cache="off")
    dataset = build_training_dataset(
        source,
        config.model,
        data,
        batch_size_per_replica=batch_size,
        global_batch_size=batch_size,
        seed=config.training.seed,
    )
    return dataset.take(_NUM_STATISTICS_BATCHES)


def measure_bytes(path: Path) -> int:
    """Returns the size of a file, or of all files in a folder."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())
