"""The table of a probe: a model's features beside their baselines."""

import dataclasses
import re
from pathlib import Path
from typing import Any

from dcgan_tf.data.given.arrays import ARRAYS
from dcgan_tf.evaluation import figures
from dcgan_tf.evaluation.linear_probe import supervised
from dcgan_tf.evaluation.linear_probe.kept_results import (
    KeptRow,
    digest_arrays,
)
from dcgan_tf.evaluation.linear_probe.probe import probe_features
from dcgan_tf.evaluation.linear_probe.probe_images import (
    Sources,
    arrange_images,
    batch_training_images,
    hold_out_validation,
    load_probe_images,
)
from dcgan_tf.evaluation.linear_probe.progress import StageProgress
from dcgan_tf.evaluation.linear_probe.protocols import (
    PROTOCOLS,
    ProbeData,
    Protocol,
    check_count,
    choose_label_counts,
    get_label_counts,
)
from dcgan_tf.evaluation.linear_probe.result import ProbeResult
from dcgan_tf.evaluation.linear_probe.rows import (
    check_has_features,
    list_representations,
)
from dcgan_tf.evaluation.real_images import RealImages
from dcgan_tf.evaluation.settings import Log, Settings
from dcgan_tf.runs.trained_model import TrainedModel
from dcgan_tf.setting_names import name_setting
from dcgan_tf.version import __version__

# In an evaluation's folder.
_KEPT_DIR = "probe_results"


def probe_model(
    model: TrainedModel,
    settings: Settings,
    real: RealImages | None,
    folder: Path,
    log: Log = lambda message: None,
    sources: Sources = (None, None),
) -> dict:
    """Probes a model by a protocol and draws accuracy against labels.

    Args:
        model: Unconditional.
        settings: The protocol, the images, what they are split into, rows
            and seed.
        real: The run's own images; None where others are probed on.
        folder: Of the figure, and of rows that are kept, so that a stopped
            table goes on.
        log: Takes lines on what is being done and how long it will take.
        sources: Of other images, those that are open already.

    Returns:
        The `protocol`; `probe`, a list of results; `probe_data`, what it was
        trained and tested on; `trained_on`, what the model was;
        `discriminator_statistics`, of which images; `probe_report`, the name
        of its files where they aren't the run's own evaluation's.

    Raises:
        ValueError: If the model is conditional, the protocol is for another
            dataset, or images have no classes or are too few.
        OSError: If the images aren't there.
    """
    check_has_features(model)
    protocol = PROTOCOLS[settings.probe]
    choose_label_counts(protocol, settings.probe_labels)  # Or refuse.
    config = model.config
    if settings.probe_data is None:
        _check_dataset(protocol, model, real)
        if settings.probe_split == "validation":
            real = hold_out_validation(protocol, real, settings.seed)
    else:
        data = settings.probe_data
        data = dataclasses.replace(
            data,
            alpha=config.data.alpha,
            fit=config.data.fit,
            background=config.data.background,
        )
        if data.level_range is None:  # What D has learnt to see.
            data = dataclasses.replace(
                data, level_range=config.data.level_range
            )
        log(f"loading {data.image_dir or data.dataset} to probe on")
        real = load_probe_images(
            config.model,
            data,
            protocol,
            settings.probe_split,
            settings.seed,
            sources,
        )
    data = arrange_images(protocol, real, settings.seed)
    _check_label_counts(protocol, settings, data, log)
    if settings.probe_data is not None:
        model = model.with_real_batches(batch_training_images(data))
    log(
        f"probing on {len(data.images):,} training and "
        f"{len(data.test_images):,} test images of {real.dataset}"
    )
    digest = digest_arrays(
        (data.images, data.labels, data.test_images, data.test_labels)
    )
    about = _describe(model, settings, real, data, digest)
    del real  # Its images are in `data`, in another order.
    results = _probe_rows(
        model, settings, protocol, data, digest, folder / _KEPT_DIR, log
    )
    report = about["probe_report"] or f"{model.step}-{protocol.name}"
    figures.draw_probe(folder / f"{report}.png", results, model, about)
    return {
        "protocol": dataclasses.asdict(protocol),
        "probe": [dataclasses.asdict(result) for result in results],
        **about,
    }


def _check_label_counts(
    protocol: Protocol, settings: Settings, data: ProbeData, log: Log
) -> None:
    """Says which counts the data don't allow; refuses if none is left."""
    wanted = choose_label_counts(protocol, settings.probe_labels).label_counts
    allowed = get_label_counts(protocol, data)
    reasons = {}
    for count in wanted:
        if count not in allowed:
            try:
                check_count(data, count)
            except ValueError as error:
                reasons[count] = str(error)
    if len(reasons) == len(wanted):
        raise ValueError(
            f"no probe is possible: {'; '.join(reasons.values())}; leave "
            f"{name_setting('probe_labels')} out, or give more images"
        )
    for count, reason in reasons.items():
        log(f"{count} labels are left out: {reason}")


def _probe_rows(
    model: TrainedModel,
    settings: Settings,
    protocol: Protocol,
    data: ProbeData,
    digest: str,
    folder: Path,
    log: Log,
) -> list[ProbeResult]:
    """Probes each row that is asked for; those kept are taken over."""
    rows = list_representations(model, settings.seed, log)
    names = {row.short_name: name for name, row in rows.items()}
    names["supervised"] = supervised.NAME
    chosen = settings.probe_rows or tuple(names)
    missing = [name for name in chosen if name not in names]
    if missing:
        raise ValueError(
            f"{model.name} has no row {missing[0]!r}; it has {', '.join(names)}"
        )
    shared_key = {
        "dcgan_tf": __version__,
        "protocol": dataclasses.asdict(protocol),
        "seed": settings.seed,
        "num_pool": data.num_pool,
        "images": digest,
    }
    # Results don't depend on which others are asked for: the same key.
    protocol = choose_label_counts(protocol, settings.probe_labels)
    progress = StageProgress(log, "rows of the table", len(chosen))
    results = []
    for short_name, name in names.items():
        if short_name not in chosen:
            continue
        row = rows.get(name)
        about = (
            row.identify() if row else dataclasses.asdict(model.config.model)
        )
        kept = KeptRow(folder, {"features": name, **shared_key, "of": about})
        if row:
            results += probe_features(
                name, row.compute, data, protocol, settings.seed, log, kept
            )
        else:
            results += supervised.probe_supervised(
                model.config.model, data, protocol, settings.seed, log, kept
            )
        progress.advance()
    return results


def _check_dataset(
    protocol: Protocol, model: TrainedModel, real: RealImages
) -> None:
    """Refuses a paper's protocol on a run's own data that are others.

    A folder may hold what the protocol is for.
    """
    is_folder = model.config.data.dataset == "image_folder"
    if not is_folder and protocol.dataset not in (None, real.dataset):
        raise ValueError(
            f"the {protocol.name} probe is for {protocol.dataset}, and the "
            f"run was trained on {real.dataset}; few_labels is for any, and "
            f"{_name_other_images()} names other images to probe on"
        )


def _name_other_images() -> str:
    names = map(name_setting, ("probe_dataset", "probe_image_dir"))
    return " or ".join(dict.fromkeys(names))


def _describe(
    model: TrainedModel,
    settings: Settings,
    real: RealImages,
    data: ProbeData,
    digest: str,
) -> dict[str, Any]:
    """Says what was trained on what, for the table's head and the JSON."""
    config, other = model.config, settings.probe_data
    report = None
    if other is not None or settings.probe_split != "test":
        parts = [str(model.step), settings.probe]
        if other is not None:
            is_folder = other.image_dir is not None
            name = Path(real.dataset).name if is_folder else real.dataset
            parts.append(name)
            if real.dataset == ARRAYS:  # All of them have this one name.
                parts.append(digest[:8])
        if settings.probe_split != "test":
            parts.append(settings.probe_split)
        report = re.sub(r"[^A-Za-z0-9._-]+", "_", "-".join(parts))
    num_statistics = sum(len(batch) for batch in model.real_batches)
    if not config.model.discriminator_batch_norm:
        statistics = "none, as it has no batch norm"
    elif model.load_extractor is not None:
        statistics = "those that the export carries"
    else:
        whose = "run's" if other is None else "probe's"
        statistics = f"of {num_statistics} of the {whose} training images"
    return {
        "trained_on": config.data.image_dir or config.data.dataset,
        "probe_data": {
            "dataset": real.dataset,
            "images_digest": digest,
            "training_split": real.training_split,
            "tested_on": real.held_out_split,
            "num_training": len(data.images),
            "num_test": len(data.test_images),
            "num_classes": data.num_classes,
            "image_size": list(config.model.image_size),
            "channels": config.model.channels,
        },
        "discriminator_statistics": statistics,
        "probe_report": report,
    }
