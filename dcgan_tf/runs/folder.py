"""A run's folder: its settings, and whether a run may start or resume there."""

import dataclasses
import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

from dcgan_tf import scratch
from dcgan_tf.config import DataConfig, RunConfig
from dcgan_tf.config.json_text import read_json
from dcgan_tf.presets import resolve_dataset_name
from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.lock import LOCK_FILE
from dcgan_tf.runs.setting_changes import (
    RESUMABLE_SETTINGS,
    find_differences,
)
from dcgan_tf.setting_names import name_setting
from dcgan_tf.version import __version__

CONFIG_FILE = "config.json"
_FOLDERS = ("checkpoints", "samples", "logs")
_UNCOUNTED_FILES = (
    LOCK_FILE,
    ".DS_Store",
    "Thumbs.db",
    "desktop.ini",
    ".directory",
)


def _describe_other(folder: str | os.PathLike) -> str:
    """Says what a folder without a run is, and what would do."""
    if any(Path(folder).glob("generator/*/saved_model.pb")):
        return (
            "it is an export; name the run that it was exported from, or "
            "give it as an export"
        )
    if checkpoints.list_steps(folder):
        return (
            f"it has checkpoints and no {CONFIG_FILE}, which has their "
            "settings; restore it from a copy"
        )
    return (
        f"it has no {CONFIG_FILE}; train one there first, or name another "
        "folder"
    )


def load_run_config(run_dir: str | os.PathLike) -> RunConfig:
    """Reads a run's settings.

    Raises:
        FileNotFoundError: If the folder is no run.
        ValueError: If its config.json can't be read.
    """
    return RunConfig.from_dict(load_run_record(run_dir))


def load_run_record(run_dir: str | os.PathLike) -> dict[str, Any]:
    """Reads all of a run's config.json: `save_run_config`'s extras too.

    Returns:
        What `RunConfig.from_dict` reads, and the extras.

    Raises:
        FileNotFoundError: If the folder is no run.
        ValueError: If its config.json can't be read.
    """
    path = Path(run_dir) / CONFIG_FILE
    if not path.is_file():
        raise FileNotFoundError(
            f"{os.fspath(run_dir)!r} is not a run: {_describe_other(run_dir)}"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
        RunConfig.from_json(text)  # It says more of what is wrong.
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)!r}: {error}") from error
    return read_json(text)


def load_kept_config(run_dir: str | os.PathLike) -> RunConfig | None:
    """Reads the settings of a run that would be resumed; None for a new one.

    Raises:
        ValueError: If its config.json can't be read.
    """
    is_run = (Path(run_dir) / CONFIG_FILE).exists()
    if not (is_run and checkpoints.list_steps(run_dir)):
        return None
    return load_run_config(run_dir)


def keep_recorded_data(
    run_dir: str | os.PathLike, config: RunConfig
) -> RunConfig:
    """Keeps how a run that is resumed reads its images.

    No flag says it: runs of version 0.1.0 took `train` and `test` for
    classes, the upper byte of 16 bits, and all images of a small folder, and
    still do.

    Raises:
        ValueError: If a program says otherwise.
    """
    kept = load_kept_config(run_dir)
    if kept is None:
        return config
    for name, by_number in (
        ("folder_splits", (DataConfig.folder_splits,)),
        ("hold_out", ("auto", "large")),  # The run records what they came to.
    ):
        was, now = getattr(kept.data, name), getattr(config.data, name)
        if now not in (was, *by_number):
            raise ValueError(
                f"run {os.fspath(run_dir)!r} was started with {name} {was!r}, "
                f"which is now {now!r}; leave it out to resume the run"
            )
    data = dataclasses.replace(
        config.data,
        folder_splits=kept.data.folder_splits,
        level_range=kept.data.level_range,
        hold_out=kept.data.hold_out,
        hold_out_also=kept.data.hold_out_also,
    )
    return dataclasses.replace(config, data=data)


def save_run_config(
    run_dir: str | os.PathLike, config: RunConfig, **extra
) -> None:
    """Writes a run's settings beside the versions that it is trained with.

    Args:
        run_dir: The run's folder.
        config: Its settings.
        **extra: Further entries of config.json, such as `precision`.
    """
    path = Path(run_dir) / CONFIG_FILE
    versions = {
        name: importlib.metadata.version(name)
        for name in ("tensorflow", "keras", "tensorflow-datasets", "numpy")
    }
    versions.update(dcgan_tf=__version__, python=platform.python_version())
    scratch.save_text(path, config.to_json(**extra, versions=versions))


def check_run_dir(
    run_dir: str | os.PathLike, config: RunConfig
) -> dict[str, Any] | None:
    """Checks that a run may start or resume in a folder, changing nothing.

    Returns:
        The record of the run to resume, from `load_run_record`; None of a
        new one.

    Raises:
        ValueError: If the folder holds another run, or something else.
    """
    path = Path(run_dir)
    is_run = (path / CONFIG_FILE).exists()
    if is_run and checkpoints.list_steps(path):
        record = load_run_record(path)
        _check_resumable(path, RunConfig.from_dict(record), config)
        return record
    if path.exists() and not path.is_dir():
        raise ValueError(
            f"run folder {os.fspath(run_dir)!r} is a file; name a folder"
        )
    if path.is_dir() and not is_run and not _is_unused(path):
        name = f"run folder {os.fspath(run_dir)!r}"
        if checkpoints.list_steps(path):
            raise ValueError(
                f"{name} has checkpoints and no {CONFIG_FILE}, which has "
                "their settings; restore it from a copy, or name a new folder"
            )
        raise ValueError(
            f"{name} holds other files and no run; name an empty or a new "
            "folder"
        )
    return None


def _is_unused(path: Path) -> bool:
    """Whether a folder holds nothing of the user's.

    What is made before training and what file managers leave doesn't count.
    """
    return not checkpoints.list_steps(path) and all(
        (entry.name in _FOLDERS and entry.is_dir())
        or entry.name in _UNCOUNTED_FILES
        or entry.name.startswith("._")
        for entry in path.iterdir()
    )


def make_run_dir(run_dir: str | os.PathLike) -> None:
    """Makes a run's folders where they aren't there yet.

    Raises:
        OSError: If the folder can't be written.
    """
    path = Path(run_dir)
    try:
        for name in _FOLDERS:
            (path / name).mkdir(parents=True, exist_ok=True)
        scratch.check_folder_writable(path / "logs")
    except OSError as error:
        raise OSError(
            scratch.describe_refusal("run folder", run_dir, error, "run_dir")
        ) from error


def _check_resumable(path: Path, old: RunConfig, new: RunConfig) -> None:
    differences = {
        name: values
        for name, values in find_differences(old, new).items()
        if name not in RESUMABLE_SETTINGS
    }
    # Version 0.1.0 recorded a dataset's name as it was typed.
    was, now = differences.get("data.dataset", ("", None))
    if resolve_dataset_name(was) == now:
        del differences["data.dataset"]
    if differences:
        listing = "; ".join(
            f"{name.split('.')[1]} was {was!r}, is now {now!r}"
            for name, (was, now) in differences.items()
        )
        raise ValueError(
            f"run {os.fspath(path)!r} was started with other settings: "
            f"{listing}. Give the same settings to resume it, or another "
            f"{name_setting('run_dir')} to start anew"
        )
