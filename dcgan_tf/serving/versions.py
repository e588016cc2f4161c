"""Numbered versions of exports: written atomically, old ones removed.

Each kind of export has a folder of versions, `generator/1`, `generator/2`.
A version is written in a sibling whose name is no number, which servers pass
over, and then renamed.
"""

import contextlib
import dataclasses
import itertools
import json
import os
import shutil
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from dcgan_tf import scratch
from dcgan_tf.config import RunConfig
from dcgan_tf.config.json_text import read_json
from dcgan_tf.serving import interface
from dcgan_tf.setting_names import name_setting
from dcgan_tf.version import __version__

# The folders of both networks' SavedModels, and their names to a server.
GENERATOR = interface.GENERATOR
FEATURES = interface.FEATURES
# The folders beside them: LiteRT files, and the page.
LITE = "tflite"
WEB = "web"
KINDS = (GENERATOR, FEATURES, LITE, WEB)

RECORD_FILE = "export.json"
_MAX_VERSION = 2**63 - 1  # Servers pass over what no int64 holds.
# Holds a number while the folders of all kinds are renamed to it.
_CLAIM = ".writing-version-{}"


@dataclasses.dataclass(frozen=True)
class ExportRecord:
    """Where an export comes from.

    Attributes:
        config: The run's settings.
        step: The checkpoint's step.
        run_dir: The run.
        classes: The names of a conditional run's, in the order of labels;
            empty where they aren't known.
    """

    config: RunConfig
    step: int
    run_dir: str
    classes: tuple[str, ...] = ()


def find_version_dirs(folder: Path) -> dict[int, Path]:
    """Returns the versions' folders in a folder, by number and in its order.

    As servers find them, who parse any name of digits: `0003` is version 3.
    """
    found = {}
    if folder.is_dir():
        # The name that an export writes comes last, and stands.
        for path in sorted(folder.iterdir(), key=lambda path: -len(path.name)):
            if path.name.isascii() and path.name.isdecimal() and path.is_dir():
                found[int(path.name)] = path
    return {n: found[n] for n in sorted(found) if n <= _MAX_VERSION}


def find_versions(folder: Path) -> list[int]:
    """Returns the version numbers in a folder, in order."""
    return list(find_version_dirs(folder))


def find_newest(folder: Path) -> Path:
    """Returns the newest version's folder.

    Raises:
        FileNotFoundError: If there is none.
    """
    found = list(find_version_dirs(folder).values())
    if not found:
        raise FileNotFoundError(
            f"{os.fspath(folder)!r} holds no export; make one with `python -m "
            "dcgan_tf.cli.export`, or name the folder that its "
            f"{name_setting('export_dir')} named"
        )
    return found[-1]


def load_record(version_dir: Path) -> ExportRecord:
    """Reads where an export comes from.

    Raises:
        FileNotFoundError: If the folder is no export of this project.
        ValueError: If it is damaged.
    """
    path = version_dir / RECORD_FILE
    if not path.is_file():
        raise FileNotFoundError(
            f"{os.fspath(version_dir)!r} was not written by dcgan_tf: it has "
            f"no {RECORD_FILE}"
        )
    try:
        values = read_json(path.read_text(encoding="utf-8-sig"))
        return ExportRecord(
            RunConfig.from_dict(values["config"]),
            int(values["step"]),
            os.fspath(values["run_dir"]),
            tuple(values.get("classes", ())),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged_error(version_dir, f"{RECORD_FILE}: {error}") from error


def damaged_error(version_dir: Path, what: object) -> ValueError:
    """Makes the error of a version that something has damaged."""
    return ValueError(
        f"{os.fspath(version_dir)!r} is damaged ({what}); export the run "
        "again, or remove this version to use the one before it"
    )


def is_ours(version_dir: Path) -> bool:
    """Whether a version was written by this project."""
    return (version_dir / RECORD_FILE).is_file()


def write_version(
    export_dir: str | os.PathLike,
    kinds: Sequence[str],
    record: ExportRecord,
    write: Callable[[dict[str, Path]], None],
    measure: Callable[[dict[str, Path]], None] = lambda tmp_dirs: None,
) -> int:
    """Writes a version of some kinds of export, each folder atomically.

    If `write` raises, or the process dies while it runs, no numbered folder
    appears. Folders are then renamed one by one: a process that dies between
    two renames leaves complete folders of some kinds only. Several processes
    may export into one folder at once.

    Args:
        export_dir: The folder of all kinds; made if need be.
        kinds: Their folders' names.
        record: Written into each.
        write: Takes an empty folder to fill for each kind, by its name.
        measure: Takes them once they are whole, and before another export
            can find and remove them.

    Returns:
        The version: the next number of all in the folder, of whichever
        kinds, once these are written.

    Raises:
        OSError: If the folder can't be written.
        ValueError: If no number is left.
    """
    export_dir = Path(export_dir)
    with contextlib.ExitStack() as stack:
        tmp_dirs = {
            kind: stack.enter_context(_make_tmp_dir(export_dir / kind))
            for kind in kinds
        }
        write(tmp_dirs)
        for kind, tmp_dir in tmp_dirs.items():
            scratch.check_not_empty(tmp_dir)
            _write_record(tmp_dir, kind, record)
        measure(tmp_dirs)
        version, claim = _claim_version(export_dir, kinds)
        try:
            for tmp_dir in tmp_dirs.values():
                tmp_dir.rename(tmp_dir.parent / str(version))
        finally:
            claim.rmdir()
    return version


def find_old_versions(folder: Path, keep: int) -> list[int]:
    """Returns all but the newest versions that this project wrote.

    Args:
        folder: Of one kind's versions.
        keep: How many aren't old; 0 for all.
    """
    return list(_find_old_dirs(folder, keep))


def _find_old_dirs(folder: Path, keep: int) -> dict[int, Path]:
    found = find_version_dirs(folder)
    ours = [version for version, path in found.items() if is_ours(path)]
    old = ours[:-keep] if keep else []
    return {version: found[version] for version in old}


def remove_old_versions(
    folder: Path, keep: int, pinned: Collection[int] = ()
) -> list[int]:
    """Removes all but the newest versions that this project wrote.

    Args:
        folder: Of one kind's versions. Those of other origin are left alone
            and not counted.
        keep: How many to keep; 0 for all.
        pinned: Versions that stay, however old.

    Returns:
        The versions removed.
    """
    removed = []
    for version, path in _find_old_dirs(folder, keep).items():
        if version in pinned:
            continue
        # Unnumbered first, so that no server sees half a version.
        tmp_dir = scratch.make_dir(folder)
        # Another export may be removing the same one.
        with contextlib.suppress(FileNotFoundError):
            path.rename(tmp_dir)
            removed.append(version)
        shutil.rmtree(tmp_dir, ignore_errors=True)
    return removed


def check_writable(
    export_dir: str | os.PathLike, kinds: Sequence[str] = ()
) -> None:
    """Checks, before what is slow, that a version can be written.

    Args:
        export_dir: The folder of all kinds; need not be there.
        kinds: Their folders' names, where these are known already.

    Raises:
        OSError: If a folder can't be written.
        ValueError: If no number is left for a version.
    """
    _check_number(Path(export_dir), _find_next(Path(export_dir), kinds))
    for folder in (Path(export_dir), *(Path(export_dir, k) for k in kinds)):
        try:
            scratch.check_folder_writable(folder)
        except OSError as error:
            raise _make_refusal(folder, error) from error


def _make_refusal(folder: Path, error: OSError) -> OSError:
    return OSError(
        scratch.describe_refusal("export folder", folder, error, "export_dir")
    )


@contextlib.contextmanager
def _make_tmp_dir(folder: Path):
    """Gives a folder to write in, once it is clear that this can be done."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(scratch.new_folder(folder))
            scratch.remove_leftovers(folder)
            tmp_dir = stack.enter_context(scratch.tmp_dir(folder))
        except OSError as error:
            raise _make_refusal(folder, error) from error
        yield tmp_dir


def _list_folders(export_dir: Path, kinds: Sequence[str]) -> list[Path]:
    return [export_dir / kind for kind in {*KINDS, *kinds}]


def _find_next(export_dir: Path, kinds: Sequence[str]) -> int:
    """Returns the number after all that are taken."""
    folders = _list_folders(export_dir, kinds)
    taken = [v for folder in folders for v in find_versions(folder)]
    return max(taken, default=0) + 1


def _check_number(export_dir: Path, version: int) -> None:
    """Refuses a number that servers, and `find_versions`, would pass over."""
    if version > _MAX_VERSION:
        raise ValueError(
            f"{os.fspath(export_dir)!r} holds version {_MAX_VERSION}, the "
            "largest number that a server takes; rename that one, or give "
            f"another {name_setting('export_dir')}"
        )


def _claim_version(export_dir: Path, kinds: Sequence[str]) -> tuple[int, Path]:
    """Takes the next number of all kinds, and keeps others off it.

    Also of kinds that aren't written now, so that a number means one export.

    Making a folder either succeeds or finds it there, on shared file systems
    too. One that a killed process left costs a number, no more.
    """
    folders = _list_folders(export_dir, kinds)
    for folder in (export_dir, *folders):
        scratch.remove_leftovers(folder)
    for version in itertools.count(_find_next(export_dir, kinds)):
        _check_number(export_dir, version)
        claim = export_dir / _CLAIM.format(version)
        try:
            claim.mkdir()
        except FileExistsError:
            continue
        if not any((folder / str(version)).exists() for folder in folders):
            return version, claim
        claim.rmdir()  # Another process was done with it in between.


def _write_record(folder: Path, kind: str, record: ExportRecord) -> None:
    values = {
        "config": record.config.to_dict(),
        "step": record.step,
        "run_dir": record.run_dir,
        "dcgan_tf": __version__,
    }
    if record.classes:
        values["classes"] = list(record.classes)
    signatures = interface.describe_signatures(kind, record.config.model)
    if signatures:
        values["signatures"] = signatures
    text = json.dumps(values, indent=2) + "\n"
    (folder / RECORD_FILE).write_text(text, encoding="utf-8")
