"""Checks that images are those that a run was trained on."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dcgan_tf.config import RunConfig
from dcgan_tf.data.fingerprint import ImagesFingerprint, compare_fingerprints
from dcgan_tf.data.source import Source
from dcgan_tf.runs.folder import CONFIG_FILE, load_run_record
from dcgan_tf.setting_names import name_setting

# In config.json; runs of version 0.1.0 have none.
IMAGES_KEY = "images"


def compare_images(
    run_dir: str | os.PathLike,
    record: Mapping[str, Any],
    config: RunConfig,
    images: ImagesFingerprint,
    allow_fewer: bool = False,
) -> str | None:
    """Compares a run's images with those it is to be resumed with.

    The same images, wherever they lie now, and more of them are fine. Fewer
    are fine if that is wanted: by `allow_fewer`, or by a new list of names
    to leave out.

    Args:
        run_dir: A run with checkpoints.
        record: Its, from `load_run_record`.
        config: The settings to resume with.
        images: Of the images to resume with.
        allow_fewer: Whether images may be missing.

    Returns:
        What changed, to tell the user; None if nothing did.

    Raises:
        ValueError: If images are missing, or these are others.
    """
    place = config.data.image_dir or config.data.dataset
    old = _read_fingerprint(run_dir, record)
    if old is None:
        return (
            f"the run's record does not tell its images (a run of version "
            f"0.1.0); from now on they are the {images.count} of {place}"
        )
    change = compare_fingerprints(old, images)
    if change.is_other:
        raise ValueError(
            f"run {os.fspath(run_dir)!r} was trained on {old.count} images, "
            f"and the {images.count} of {place} are others; give the folder "
            "or dataset that it was trained on, or train in another "
            f"{name_setting('run_dir')} ({name_setting('init_from')} starts "
            "from a run's networks)"
        )
    old_data = RunConfig.from_dict(record).data
    if change.num_lost:
        is_wanted = allow_fewer or config.data.exclude != old_data.exclude
        if not is_wanted:
            raise ValueError(
                f"{change.num_lost} of the {old.count} images that run "
                f"{os.fspath(run_dir)!r} was trained on are not in {place} any "
                f"more ({images.count} are there); bring them back, or give "
                f"{name_setting('allow_fewer_images')} to resume "
                "without them"
            )
        return (
            f"{images.count} images in {place}; {change.num_lost} of the "
            f"{old.count} of before are gone"
        )
    if not change.is_same:
        return f"{images.count} images in {place} (were {old.count})"
    if old_data.image_dir and _is_moved(old_data.image_dir, place):
        return f"the same {images.count} images, now in {place}"
    return None


def find_others(run_dir: str | os.PathLike, source: Source) -> str | None:
    """Says so if images that are given as a run's own are others.

    Fewer and more of them are fine: for statistics and measures any will do
    that the run was trained on.

    Args:
        run_dir: The run.
        source: Its images, as they were given.

    Returns:
        A line for the user, or None.
    """
    old = _read_fingerprint(run_dir, load_run_record(run_dir))
    if old is None or source.fingerprint_images is None:
        return None
    images = source.fingerprint_images()
    if not compare_fingerprints(old, images).is_other:
        return None
    return (
        f"run {os.fspath(run_dir)!r} was trained on {old.count} images, and "
        f"the {images.count} of {source.name} are others: D's statistics, and "
        "whatever is measured by training images, are of these others"
    )


def _read_fingerprint(
    run_dir: str | os.PathLike, record: Mapping[str, Any]
) -> ImagesFingerprint | None:
    """Reads that of a run's images; None of a run of version 0.1.0."""
    images = record.get(IMAGES_KEY)
    if images is None:
        return None
    try:
        return ImagesFingerprint.from_dict(images)
    except ValueError as error:
        raise ValueError(
            f"{os.fspath(Path(run_dir) / CONFIG_FILE)!r}: its {IMAGES_KEY!r} "
            f"is {error}; restore it from a copy"
        ) from error


def _is_moved(old: str, new: str) -> bool:
    return os.path.realpath(old) != os.path.realpath(new)
