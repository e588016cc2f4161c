"""A trained run becomes a version of everything that can be shipped."""

import dataclasses
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.latents import sample_latents
from dcgan_tf.runs.trained_model import TrainedModel, load_trained_model
from dcgan_tf.serving import (
    model_server,
    saved_model,
    versions,
    warmup,
    web_page,
)
from dcgan_tf.serving.lite import checks, convert, export

LITE = "tflite"
WEB = "web"
FORMATS = ("saved_model", LITE, WEB)


@dataclasses.dataclass(frozen=True)
class Part:
    """One line of an export's table.

    Attributes:
        path: A file or a folder.
        num_bytes: Its size.
        report: How a LiteRT file compares with its network; None for others.
    """

    path: Path
    num_bytes: int
    report: checks.Report | None = None


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
    parts: tuple[Part, ...]
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
        single_file: Whether the page is also written as one file.
        say: Takes what the user should know, a line a call.

    Returns:
        What was made.

    Raises:
        FileNotFoundError: If `run_dir` is no run, or npm's part of the page
            is missing.
        ValueError: If it has no such checkpoint, `real_data` was given and
            has no images, or a LiteRT file is not exact.
        ImportError: If LiteRT files can't be checked.
        OSError: If `export_dir` can't be written, or `real_data` was given
            and can't be read.
    """
    networks = _load(run_dir, checkpoint, formats, real_data, say)
    pictures = _prepare_pictures(networks, say)
    record = versions.Record(
        networks.config, networks.step, os.path.abspath(run_dir)
    )
    kinds = _list_kinds(networks.config.model, formats)
    with versions.write_version(export_dir, kinds, record) as (version, aside):
        reports = _write_parts(networks, pictures, aside, single_file, say)
    models = [kind for kind in kinds if kind not in (LITE, WEB)]
    if models:
        model_server.save_settings(export_dir, models)
    folders = [Path(export_dir) / kind for kind in kinds]
    removed = tuple(
        folder / str(old)
        for folder in folders
        for old in versions.remove_old_versions(folder, keep_versions)
    )
    parts = _list_parts(folders, version, reports)
    return Export(version, networks.step, parts, removed)


def _load(
    run_dir: str | os.PathLike,
    checkpoint: str,
    formats: Sequence[str],
    real_data: DataConfig | None,
    say: Callable[[str], None],
) -> TrainedModel:
    """Loads a run, once everything else that its formats need is there."""
    if LITE in formats:
        checks.import_interpreter()
    if WEB in formats:
        web_page.check_runtime()
    networks = load_trained_model(
        run_dir, checkpoint, real_data=real_data, log=say
    )
    if WEB in formats and networks.config.model.num_classes:
        raise ValueError(
            "the page draws without labels, and this run is conditional; "
            "leave web out of --formats"
        )
    return networks


def _prepare_pictures(
    networks: TrainedModel,
    say: Callable[[str], None],
) -> np.ndarray:
    """Returns pictures such as D is to see.

    They are float32 `(count, height, width, channels)`, real and generated
    in turns, or all generated where real ones are not to be had.
    """
    generated = _draw_pictures(networks)
    if networks.config.model.num_classes:
        say(
            "a conditional discriminator has no features of images alone: "
            "only the generator is exported"
        )
        return generated
    batches = networks.real_batches
    if not batches:
        return generated
    say(
        "the discriminator's batch-norm statistics were measured on "
        f"{sum(map(len, batches)):,} real images"
    )
    real = np.resize(batches[0], generated.shape)
    return np.stack([real, generated], 1).reshape(-1, *real.shape[1:])


def _list_kinds(model: ModelConfig, formats: Sequence[str]) -> list[str]:
    kinds = []
    if "saved_model" in formats:
        kinds.append(versions.GENERATOR)
        if not model.num_classes:
            kinds.append(versions.FEATURES)
    return kinds + [kind for kind in (LITE, WEB) if kind in formats]


def _list_parts(
    folders: list[Path], version: int, reports: list[checks.Report]
) -> tuple[Part, ...]:
    parts = []
    for folder in folders:
        path = folder / str(version)
        if folder.name == LITE:
            parts += [
                Part(path / report.path.name, report.num_bytes, report)
                for report in reports
            ]
        else:
            parts.append(Part(path, measure_bytes(path)))
    return tuple(parts)


def _draw_pictures(networks: TrainedModel) -> np.ndarray:
    model = networks.config.model
    count = export.NUM_EXAMPLES
    latents = sample_latents(count, model.latent_dim, (0, 0))
    if model.num_classes:
        labels = np.arange(count, dtype=np.int32) % model.num_classes
        return networks.generator([latents, tf.constant(labels)]).numpy()
    return networks.generator(latents).numpy()


def _write_parts(
    networks: TrainedModel,
    pictures: np.ndarray,
    aside: dict[str, Path],
    single_file: bool,
    say: Callable[[str], None],
) -> list[checks.Report]:
    """Writes each kind into its folder; returns LiteRT files' reports."""
    reports = []
    if versions.GENERATOR in aside:
        _save_models(networks, pictures, aside, say)
    if LITE in aside:
        reports = export.save_lite_files(
            aside[LITE],
            _describe_networks(networks, pictures),
            networks.config.model,
        )
    if WEB in aside:
        _save_page(networks, aside[WEB], single_file)
    return reports


def _save_models(
    networks: TrainedModel,
    pictures: np.ndarray,
    aside: dict[str, Path],
    say: Callable[[str], None],
) -> None:
    config = networks.config
    saved_model.save_generator(
        networks.generator, config.model, aside[versions.GENERATOR]
    )
    if versions.FEATURES in aside:
        saved_model.save_feature_extractor(
            networks.discriminator,
            config.model,
            config.data,
            aside[versions.FEATURES],
        )
    requests = warmup.make_inputs(config.model, pictures)
    try:
        for name in (versions.GENERATOR, versions.FEATURES):
            if name in aside:
                warmup.save_requests(aside[name], name, requests[name])
    except ImportError as error:
        say(f"no warm-up requests for the server were written: {error}")


def _describe_networks(
    networks: TrainedModel, pictures: np.ndarray
) -> list[convert.Network]:
    model, step = networks.config.model, networks.step
    described = [export.describe_generator(networks.generator, model, step)]
    if not model.num_classes:
        described.append(
            export.describe_features(
                networks.discriminator, model, step, pictures
            )
        )
    return described


def _save_page(networks: TrainedModel, folder: Path, single_file: bool) -> None:
    generator, config = networks.generator, networks.config
    network = export.describe_generator(generator, config.model, networks.step)
    web_page.save_page(
        folder,
        web_page.describe_model(generator, config, networks.step),
        # Half the bytes to fetch, for half a grey level at most.
        convert.convert(network, ["float16"], batch_size=1)["float16"],
        single_file,
    )


def measure_bytes(path: Path) -> int:
    """Returns the size of a file, or of all files in a folder."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())
