"""Numbered folders of exports: complete or absent, old ones removed.

Each kind of export has a folder of versions, `generator/1`, `generator/2`.
A version is written in a sibling whose name is no number, which servers pass
over, and then renamed.
"""

import contextlib
import dataclasses
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from dcgan_tf.config import RunConfig
from dcgan_tf.version import __version__

# The folders of both networks' SavedModels, and their names to a server.
GENERATOR = "generator"
FEATURES = "discriminator_features"

RECORD_FILE = "export.json"
_WRITING = "writing-"


@dataclasses.dataclass(frozen=True)
class Record:
    """Where an export comes from.

    Attributes:
        config: The run's settings.
        step: The checkpoint's step.
        run_dir: The run.
    """

    config: RunConfig
    step: int
    run_dir: str


def find_versions(folder: Path) -> list[int]:
    """Returns the version numbers in a folder, in order."""
    if not folder.is_dir():
        return []
    return sorted(
        int(path.name)
        for path in folder.iterdir()
        if path.is_dir() and path.name.isdecimal()
    )


def find_newest(folder: Path) -> Path:
    """Returns the newest version's folder.

    Raises:
        FileNotFoundError: If there is none.
    """
    found = find_versions(folder)
    if not found:
        raise FileNotFoundError(
            f"{os.fspath(folder)!r} holds no export; make one with export.py, "
            "or name the folder that its --export_dir named"
        )
    return folder / str(found[-1])


def load_record(version_dir: Path) -> Record:
    """Reads where an export comes from.

    Raises:
        FileNotFoundError: If the folder is no export of this project.
    """
    path = version_dir / RECORD_FILE
    if not path.is_file():
        raise FileNotFoundError(
            f"{os.fspath(version_dir)!r} was not written by export.py: it "
            f"has no {RECORD_FILE}"
        )
    values = json.loads(path.read_text())
    return Record(
        RunConfig.from_dict(values["config"]), values["step"], values["run_dir"]
    )


def is_ours(version_dir: Path) -> bool:
    """Whether a version was written by this project."""
    return (version_dir / RECORD_FILE).is_file()


@contextlib.contextmanager
def write_version(
    export_dir: str | os.PathLike, kinds: Sequence[str], record: Record
) -> Iterator[tuple[int, dict[str, Path]]]:
    """Gives folders to write a version's parts in, and numbers them.

    The number is the next that is free in all of them. If the body raises,
    or the process dies, no numbered folder appears.

    Args:
        export_dir: The folder of all kinds.
        kinds: Their folders' names.
        record: Written into each.

    Yields:
        The version and, by kind, the folder to write in, which doesn't exist
        yet.

    Raises:
        OSError: If the folder can't be written.
    """
    export_dir = Path(export_dir)
    aside = {}
    for kind in kinds:
        folder = export_dir / kind
        _make_folder(folder)
        _clear_unfinished(folder)
        aside[kind] = folder / f"{_WRITING}{os.getpid()}"
    taken = [v for kind in kinds for v in find_versions(export_dir / kind)]
    version = 1 + max(taken, default=0)
    try:
        yield version, aside
        for folder in aside.values():
            _write_record(folder, record)
        for folder in aside.values():
            folder.rename(folder.parent / str(version))
    finally:
        for folder in aside.values():
            shutil.rmtree(folder, ignore_errors=True)


def remove_old_versions(folder: Path, keep: int) -> list[int]:
    """Removes all but the newest versions that this project wrote.

    Args:
        folder: Of one kind's versions. Those of other origin are left alone
            and not counted.
        keep: How many to keep; 0 for all.

    Returns:
        The versions removed.
    """
    ours = [v for v in find_versions(folder) if is_ours(folder / str(v))]
    removed = ours[:-keep] if keep else []
    for version in removed:
        # Unnumbered first, so that no server sees half a version.
        doomed = folder / f"{_WRITING}{os.getpid()}"
        (folder / str(version)).rename(doomed)
        shutil.rmtree(doomed)
    return removed


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f"{_WRITING}{os.getpid()}"
        probe.mkdir()
        probe.rmdir()
    except OSError as error:
        raise OSError(
            f"export folder {os.fspath(folder)!r} cannot be written "
            f"({error.strerror}); name another with --export_dir"
        ) from error


def _clear_unfinished(folder: Path) -> None:
    """Removes what killed processes left."""
    for path in folder.glob(f"{_WRITING}*"):
        if not _is_running(path.name.removeprefix(_WRITING)):
            shutil.rmtree(path, ignore_errors=True)


def _is_running(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        pass  # Somebody else's.
    return True


def _write_record(folder: Path, record: Record) -> None:
    values = {
        "config": record.config.to_dict(),
        "step": record.step,
        "run_dir": record.run_dir,
        "dcgan_tf": __version__,
    }
    (folder / RECORD_FILE).write_text(json.dumps(values, indent=2) + "\n")
