"""Exports a trained run in every format, as one new version."""

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dcgan_tf import failures
from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.config.ranges import check_whole_number
from dcgan_tf.runs.trained_model import TrainedModel, load_trained_model
from dcgan_tf.serving import model_server, versions
from dcgan_tf.serving.formats import check_formats
from dcgan_tf.serving.lite import checks
from dcgan_tf.serving.parts import choose_images, write_parts
from dcgan_tf.serving.versions import LITE, WEB
from dcgan_tf.serving.web import page

# LiteRT: float32 and float16 for any batch and for one, integers for one.
_BYTES_PER_PARAMETER = {
    versions.GENERATOR: 4,
    versions.FEATURES: 4,
    LITE: 2 * (4 + 2) + 1 + 1,
    WEB: 2,
}


@dataclasses.dataclass(frozen=True)
class ExportedPart:
    """One line of an export's table.

    Attributes:
        path: A file or a folder.
        num_bytes: Its size.
        check: How a LiteRT file compares with its network; None for others.
    """

    path: Path
    num_bytes: int
    check: checks.LiteCheck | None = None


@dataclasses.dataclass(frozen=True)
class Export:
    """What an export made.

    Attributes:
        version: Its number.
        step: The checkpoint's step.
        parts: The lines of its table. Another export that keeps fewer
            versions may have removed them already.
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
    single_file: bool = False,
    log: Callable[[str], None] = print,
) -> Export:
    """Exports a run's networks; a failure leaves no version.

    Args:
        run_dir: The run.
        export_dir: Where versions of exports are.
        checkpoint: `latest`, `best` or a step.
        formats: Of `formats.FORMATS`.
        real_data: Where real images are for D's batch-norm statistics, if
            not where the run says. The page alone needs none.
        keep_versions: How many versions of each part to keep, besides those
            that `models.config` names; 0 for all.
        single_file: Whether the page is also written as one file.
        log: Takes what the user should know, a line a call.

    Returns:
        What was made.

    Raises:
        FileNotFoundError: If `run_dir` is no run, or npm's part of the page
            is missing.
        ValueError: If it has no such checkpoint, `real_data` was given and
            has no images, a LiteRT file is not exact, no format is given or
            an unknown one, `single_file` is without `web`, or
            `keep_versions` is negative.
        ImportError: If LiteRT files can't be checked.
        OSError: If `export_dir` can't be written, or `real_data` was given
            and can't be read.
    """
    keep_versions = _check_request(formats, keep_versions, single_file)
    versions.check_writable(export_dir)
    trained = load_trained_model(
        run_dir, checkpoint, real_data=real_data, log=log
    )
    return _export(
        trained, export_dir, formats, keep_versions, single_file, log
    )


def export_model(
    trained: TrainedModel,
    export_dir: str | os.PathLike,
    *,
    formats: Sequence[str] = ("saved_model",),
    keep_versions: int = 0,
    single_file: bool = False,
    log: Callable[[str], None] = print,
) -> Export:
    """Exports a run's networks that are loaded; see `export_run`.

    Args:
        trained: Of a run.
        export_dir: Where versions of exports are.
        formats: Of `formats.FORMATS`.
        keep_versions: How many versions of each part to keep; 0 for all.
        single_file: Whether the page is also written as one file.
        log: Takes what the user should know, a line a call.

    Returns:
        What was made.
    """
    keep_versions = _check_request(formats, keep_versions, single_file)
    return _export(
        trained, export_dir, formats, keep_versions, single_file, log
    )


def _export(
    trained: TrainedModel,
    export_dir: str | os.PathLike,
    formats: Sequence[str],
    keep_versions: int,
    single_file: bool,
    log: Callable[[str], None],
) -> Export:
    """Exports networks as was asked for, and checked."""
    kinds = _list_kinds(trained.config.model, formats)
    versions.check_writable(export_dir, kinds)
    # The page shows nothing of D's, so that it takes no real images.
    images = None if kinds == [WEB] else choose_images(trained, log)
    record = versions.ExportRecord(
        trained.config,
        trained.step,
        os.path.abspath(trained.name),
        trained.class_names,
    )
    lite_checks, num_bytes = [], {}

    def write(tmp_dirs: dict[str, Path]) -> None:
        lite_checks.extend(
            write_parts(trained, images, tmp_dirs, single_file, log)
        )

    def measure(tmp_dirs: dict[str, Path]) -> None:
        num_bytes.update({k: measure_bytes(v) for k, v in tmp_dirs.items()})

    models = [kind for kind in kinds if kind not in (LITE, WEB)]
    with (
        failures.full_disk_named(export_dir, _count_bytes(trained, kinds)),
        failures.file_named(export_dir),
    ):
        version = versions.write_version(
            export_dir, kinds, record, write, measure
        )
        if models:
            model_server.save_settings(export_dir, models, log)
    folders = [Path(export_dir) / kind for kind in kinds]
    removed = _remove_old_versions(export_dir, folders, keep_versions, log)
    parts = _list_parts(folders, version, num_bytes, lite_checks)
    if not all((folder / str(version)).is_dir() for folder in folders):
        log(
            f"version {version} was removed already: another export into "
            f"{os.fspath(export_dir)!r} has written a later one, and fewer "
            "versions are kept"
        )
    return Export(version, trained.step, parts, removed)


def _check_request(
    formats: Sequence[str], keep_versions: int, single_file: bool
) -> int:
    """Checks what is asked for, and that all it needs is there.

    Before anything slow, and before anything is written or removed.

    Returns:
        How many versions to keep.
    """
    check_formats(formats, single_file)
    if LITE in formats:
        checks.import_interpreter()
    if WEB in formats:
        page.check_runtime()
    return check_whole_number("keep_versions", keep_versions, 0)


def _list_kinds(model: ModelConfig, formats: Sequence[str]) -> list[str]:
    kinds = []
    if "saved_model" in formats:
        kinds.append(versions.GENERATOR)
        if not model.features_refusal:
            kinds.append(versions.FEATURES)
    return kinds + [kind for kind in (LITE, WEB) if kind in formats]


def _remove_old_versions(
    export_dir: str | os.PathLike,
    folders: Sequence[Path],
    keep: int,
    log: Callable[[str], None],
) -> tuple[Path, ...]:
    """Removes old versions, but none that a server is told to serve."""
    removed, kept = [], []
    served = model_server.find_pinned_versions(export_dir)
    for folder in folders:
        pinned = set() if folder.name in (LITE, WEB) else served
        found = versions.find_version_dirs(folder)
        removed += [
            found.get(version, folder / str(version))
            for version in versions.remove_old_versions(folder, keep, pinned)
        ]
        if pinned:
            old = versions.find_old_versions(folder, keep)
            kept += [f"{folder.name}/{v}" for v in old if v in pinned]
    if kept:
        log(
            f"kept, though old, as {model_server.MODELS_FILE} names them: "
            f"{', '.join(kept)}"
        )
    return tuple(removed)


def _list_parts(
    folders: list[Path],
    version: int,
    num_bytes: Mapping[str, int],
    lite_checks: list[checks.LiteCheck],
) -> tuple[ExportedPart, ...]:
    parts = []
    for folder in folders:
        path = folder / str(version)
        if folder.name == LITE:
            parts += [
                ExportedPart(check.path, check.num_bytes, check)
                for check in _move_checks(lite_checks, path)
            ]
        else:
            parts.append(ExportedPart(path, num_bytes[folder.name]))
    return tuple(parts)


def _move_checks(
    lite_checks: Sequence[checks.LiteCheck], folder: Path
) -> list[checks.LiteCheck]:
    """Names files where they are now, not where they were checked."""
    return [
        dataclasses.replace(check, path=folder / check.path.name)
        for check in lite_checks
    ]


def _count_bytes(trained: TrainedModel, kinds: Sequence[str]) -> int:
    """Returns the size of the weights in an export, which are most of it."""
    num_bytes = 0
    for kind in kinds:
        networks = []
        if kind != versions.FEATURES:
            networks.append(trained.generator)
        if kind == versions.FEATURES or (
            kind == LITE and not trained.config.model.features_refusal
        ):
            networks.append(trained.discriminator)
        num_parameters = sum(network.count_params() for network in networks)
        num_bytes += num_parameters * _BYTES_PER_PARAMETER[kind]
    return num_bytes


def measure_bytes(path: Path) -> int:
    """Returns the size of a file, or of all files in a folder."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())
