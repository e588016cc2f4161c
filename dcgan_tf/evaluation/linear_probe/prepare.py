"""What a probe is on: everything that may refuse it, before its first fit."""

import dataclasses
import re
from pathlib import Path
from typing import Any

from dcgan_tf.data.fingerprint import digest_arrays
from dcgan_tf.data.given.arrays import ARRAYS
from dcgan_tf.evaluation.linear_probe import supervised
from dcgan_tf.evaluation.linear_probe.probe_images import (
    Sources,
    arrange_images,
    batch_training_images,
    hold_out_validation,
    load_probe_images,
)
from dcgan_tf.evaluation.linear_probe.protocols import (
    PROTOCOLS,
    ProbeData,
    Protocol,
    check_count,
    choose_label_counts,
    get_label_counts,
)
from dcgan_tf.evaluation.linear_probe.rows import (
    Row,
    check_has_features,
    list_representations,
)
from dcgan_tf.evaluation.real_images import RealImages
from dcgan_tf.evaluation.settings import Log, Settings
from dcgan_tf.runs.trained_model import TrainedModel
from dcgan_tf.setting_names import name_setting, settings_are_of_probe

# Of networks whose batch-norm statistics are measured on images.
_ROWS_OF_D = ("D", "start", "untrained")


@dataclasses.dataclass(frozen=True)
class PreparedProbe:
    """A probe that can be run.

    Attributes:
        model: D has statistics of the images that it is probed on.
        protocol: With all of its label counts.
        data: Labelled images.
        digest: Of these.
        rows: What is probed, by the names that the table has; None for the
            network trained with labels alone.
        about: What was trained on what, for the table's head and the JSON.
    """

    model: TrainedModel
    protocol: Protocol
    data: ProbeData
    digest: str
    rows: dict[str, Row | None]
    about: dict[str, Any]


def prepare_probe(
    model: TrainedModel,
    settings: Settings,
    real: RealImages | None,
    log: Log = lambda message: None,
    sources: Sources = (None, None),
) -> PreparedProbe:
    """Loads a probe's images and checks that it can be run.

    Args:
        model: Unconditional.
        settings: The protocol, the images, what they are split into, rows
            and seed.
        real: The run's own images; None where others are probed on.
        log: Takes lines on what is being done.
        sources: Of other images, those that are open already.

    Raises:
        ValueError: If the model is conditional or lacks a row, the protocol
            is for another dataset, or images have no classes or are too few.
        OSError: If the images aren't there.
    """
    check_has_features(model)
    protocol = PROTOCOLS[settings.probe]
    if settings.probe_data is None:
        _check_dataset(protocol, model, real)
        if settings.probe_split == "validation":
            real = hold_out_validation(protocol, real, settings.seed)
    else:
        real = _load_other_images(model, settings, protocol, log, sources)
    data = arrange_images(protocol, real, settings.seed)
    _check_label_counts(protocol, settings, data, log)
    if settings.probe_data is not None:
        model = model.with_real_batches(batch_training_images(data))
    digest = digest_arrays(
        (data.images, data.labels, data.test_images, data.test_labels)
    )
    rows = _choose_rows(model, settings, log)
    about = _describe(model, settings, real, data, digest)
    if any(row and row.short_name in _ROWS_OF_D for row in rows.values()):
        whose = "run's" if settings.probe_data is None else "probe's"
        about["discriminator_statistics"] = _describe_statistics(model, whose)
    return PreparedProbe(
        model=model,
        protocol=protocol,
        data=data,
        digest=digest,
        rows=rows,
        about=about,
    )


def _load_other_images(
    model: TrainedModel,
    settings: Settings,
    protocol: Protocol,
    log: Log,
    sources: Sources,
) -> RealImages:
    """Loads images that aren't the run's own, prepared as these are."""
    own, data = model.config.data, settings.probe_data
    data = dataclasses.replace(
        data, alpha=own.alpha, fit=own.fit, background=own.background
    )
    if data.level_range is None:  # What D has learnt to see.
        data = dataclasses.replace(data, level_range=own.level_range)
    log(f"loading {data.image_dir or data.dataset} to probe on")
    with settings_are_of_probe():
        return load_probe_images(
            model.config.model,
            data,
            protocol,
            settings.probe_split,
            settings.seed,
            sources,
        )


def _choose_rows(
    model: TrainedModel, settings: Settings, log: Log
) -> dict[str, Row | None]:
    """Returns the rows that are asked for, in the table's order."""
    rows = {
        **list_representations(model, settings.seed, log),
        supervised.NAME: None,
    }
    names = {
        row.short_name if row else "supervised": name
        for name, row in rows.items()
    }
    chosen = settings.probe_rows or tuple(names)
    missing = [name for name in chosen if name not in names]
    if missing:
        raise ValueError(
            f"{model.name} has no row {missing[0]!r}; it has {', '.join(names)}"
        )
    return {
        name: rows[name] for short, name in names.items() if short in chosen
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
        "probe_report": report,
    }


def _describe_statistics(model: TrainedModel, whose: str) -> str:
    """Says what D's batch-norm statistics are of."""
    if not model.config.model.discriminator_batch_norm:
        return "none, as it has no batch norm"
    if model.is_export:
        return "those that the export carries"
    count = sum(len(batch) for batch in model.real_batches)
    return f"of {count} of the {whose} training images"
