"""Loads an export as a trained model that draws from its own graphs."""

import dataclasses
import functools
import hashlib
import logging
import os
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from dcgan_tf.config import DataConfig
from dcgan_tf.data.source import Source
from dcgan_tf.runs.discriminator_statistics import load_real_batches
from dcgan_tf.runs.sampling import Sampler
from dcgan_tf.runs.trained_discriminator import TrainedDiscriminator
from dcgan_tf.runs.trained_model import (
    ExportedGraphs,
    Extractor,
    TrainedModel,
)
from dcgan_tf.serving import saved_model, versions

_log = logging.getLogger(__name__)


def load_exported_model(
    export_dir: str | os.PathLike,
    *,
    real_data: DataConfig | None = None,
    source: Source | None = None,
    log: Callable[[str], None] = _log.warning,
) -> TrainedModel:
    """Loads an export's newest version, to draw from its own graphs.

    It stays that version's, whatever is exported meanwhile: its graphs are
    read when they are first needed.

    Args:
        export_dir: The folder of all kinds.
        real_data: Where the run's images are, if not where the run said.
        source: The images themselves, where they are open.
        log: Takes a line where real images can't be read.

    Returns:
        A model without Keras networks. Its statistics are the export's.

    Raises:
        FileNotFoundError: If the folder holds no exported generator. Asking
            for features raises it where there is no exported discriminator.
        ValueError: If its newest version is damaged.
    """
    export_dir = Path(export_dir)
    version_dir = _find_newest(export_dir)
    record = versions.load_record(version_dir)
    find_features = functools.partial(_find_features, version_dir, record)
    config = record.config
    if real_data is not None:
        config = dataclasses.replace(config, data=real_data)
    return TrainedModel(
        name=os.fspath(export_dir),
        config=config,
        step=record.step,
        trained_discriminator=TrainedDiscriminator(
            model=config.model,
            # Its own settings tell whether these are its own images.
            load_real_batches=functools.partial(
                load_real_batches, record.config, real_data, log, source
            ),
            digest=lambda: _digest_files(find_features()),
        ),
        exported=ExportedGraphs(
            load_sampler=functools.partial(_load_sampler, version_dir),
            load_extractor=lambda: _load_extractor(find_features()),
            digest_generator=lambda: _digest_files(version_dir / "variables"),
        ),
        class_names=record.classes,
    )


def load_newest_record(export_dir: str | os.PathLike) -> versions.ExportRecord:
    """Reads where an export's newest generator comes from.

    Raises:
        FileNotFoundError: If the folder holds no exported generator.
    """
    return versions.load_record(_find_newest(Path(export_dir)))


def _find_newest(export_dir: Path) -> Path:
    return versions.find_newest(export_dir / versions.GENERATOR)


def _load_sampler(version_dir: Path) -> Sampler:
    loaded = saved_model.load_version(version_dir)

    def sample(seeds, labels):
        inputs = {"seeds": tf.constant(seeds)}
        if labels is not None:
            inputs["labels"] = tf.constant(labels)
        try:
            # Through `loaded`, which must live as long as its signatures.
            return loaded.signatures["sample"](**inputs)["images"].numpy()
        except tf.errors.InvalidArgumentError as error:
            if "images of these seeds" not in str(error):
                raise
            raise ValueError(
                f"{os.fspath(version_dir)!r} draws images that are not finite; "
                "export another checkpoint of its run"
            ) from error

    return sample


def _find_features(version_dir: Path, own: versions.ExportRecord) -> Path:
    """Finds the discriminator of a generator's version, or else the newest.

    A process that died between both, or who removed a version by hand, may
    have left a generator beside another checkpoint's discriminator.
    """
    of_all = version_dir.parent.parent / versions.FEATURES
    folder = versions.find_version_dirs(of_all).get(int(version_dir.name))
    if folder is None:
        folder = versions.find_newest(of_all)
    other = versions.load_record(folder)
    if (own.run_dir, own.step) != (other.run_dir, other.step):
        raise FileNotFoundError(
            f"{os.fspath(folder)!r} is the discriminator of step {other.step} "
            f"of {other.run_dir!r}, and the generator is of step {own.step} "
            f"of {own.run_dir!r}; export the run again"
        )
    return folder


def _digest_files(folder: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.name} {path.stat().st_size}".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _load_extractor(folder: Path) -> Extractor:
    loaded = saved_model.load_version(folder)

    def extract(images):
        # Through `loaded`, which must live as long as its signatures.
        return loaded.signatures["serving_default"](images=images)

    return extract
