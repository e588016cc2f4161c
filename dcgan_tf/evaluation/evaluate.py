"""Evaluates a trained model: joins measures, probe, figures and files."""

import contextlib
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from dcgan_tf import scratch
from dcgan_tf.config import RunConfig
from dcgan_tf.data.fingerprint import digest_arrays
from dcgan_tf.evaluation import EVALUATION_DIR
from dcgan_tf.evaluation.figures import draw_probe
from dcgan_tf.evaluation.linear_probe.prepare import prepare_probe
from dcgan_tf.evaluation.linear_probe.probe_images import Sources
from dcgan_tf.evaluation.linear_probe.table import run_probe
from dcgan_tf.evaluation.pixel_features import NoSegmentsError
from dcgan_tf.evaluation.real_images import (
    RealImages,
    check_held_out,
    load_real_images,
)
from dcgan_tf.evaluation.result_files import (
    FOUND,
    get_report_path,
    load_report,
    save_report,
    save_reports,
)
from dcgan_tf.evaluation.sample_measures import (
    classify_by_neighbours,
    measure_samples,
)
from dcgan_tf.evaluation.segmentation import can_segment, segment_samples
from dcgan_tf.evaluation.settings import (
    SET_MEASURES,
    Log,
    Settings,
    find_figures,
)
from dcgan_tf.runs.trained_model import TrainedModel
from dcgan_tf.setting_names import name_setting
from dcgan_tf.version import __version__

_log = logging.getLogger(__name__)


def evaluate(
    model: TrainedModel,
    settings: Settings,
    figures_dir: Path,
    log: Log = lambda message: None,
    sources: Sources = (None, None),
    probe_sources: Sources = (None, None),
    keep: Callable[[dict], None] = lambda result: None,
) -> dict:
    """Evaluates a trained model and draws figures of its samples.

    Args:
        model: A run's or an export's.
        settings: What to compute.
        figures_dir: Where figures go, named `<step>-<what>.png`, and what is
            kept of a probe.
        log: Takes lines on what is being done.
        sources: Of the run's own images, those that are open already.
        probe_sources: Of the images that settings probe on, the same.
        keep: Takes what was found so far before what is slow begins, such as
            a probe of hours, which may be stopped or fail.

    Returns:
        Plain values, for JSON: every figure with what it depends on.

    Raises:
        ValueError: If the dataset lacks what a setting needs, arrays are
            given without any to evaluate on, or none of the measures applies.
        OSError: If the dataset isn't there.
    """
    start = time.monotonic()
    config, seed = model.config, settings.seed
    measures = set(settings.measures)
    result = {
        "model": model.name,
        "weights_digest": model.digest_generator(),
        "step": model.step,
        "seed": seed,
        "dcgan_tf": __version__,
    }
    real = None
    if _needs_own_images(settings):
        real = _load_own_images(config, sources, log)
        result["dataset"] = real.dataset
        result["held_out_split"] = real.held_out_split
        labels = real.held_out_labels
        result["held_out_digest"] = digest_arrays(
            [real.held_out] if labels is None else [real.held_out, labels]
        )
    # What refuses a probe does so before measures take their minutes.
    probe = None
    if settings.probe:
        probe = prepare_probe(model, settings, real, log, probe_sources)
    prefix = figures_dir / str(model.step)
    if measures & {*SET_MEASURES, "copying"}:
        measured = measure_samples(model, settings, real, prefix, log)
        # None would take the place of an earlier evaluation's.
        if measured["measures"]["samples"]:
            result |= measured
            keep(result)
    is_conditional = bool(config.model.num_classes)
    is_classified = is_conditional and "one_nn" in measures
    lacking = _lack_classes(model, real) if is_classified else ""
    left_out = _find_left_out(model, settings, result, lacking)
    for line in left_out:
        log(line)
    if is_classified and not lacking:
        result["one_nn"] = classify_by_neighbours(model, real, seed, log)
    if "segmentation" in measures and can_segment(model):
        log("segmenting samples by G's features")
        try:
            result["segmentation"] = segment_samples(model, seed, prefix)
        except NoSegmentsError as error:
            left_out.append(f"segmentation is left out: {error}")
            log(left_out[-1])
    if probe is None and not {*FOUND} & {*result}:
        raise ValueError(
            f"nothing can be measured of {model.name!r}: {'; '.join(left_out)};"
            f" name other {name_setting('measures')}"
        )
    if probe is not None:
        if measures:
            keep(result)
        result |= run_probe(probe, settings, figures_dir, log)
    result["elapsed_seconds"] = round(time.monotonic() - start, 1)
    return result


def evaluate_and_save(
    model: TrainedModel,
    settings: Settings,
    log: Log = lambda message: None,
    sources: Sources = (None, None),
    probe_sources: Sources = (None, None),
) -> tuple[dict, list[Path]]:
    """Evaluates a trained model and writes results into its folder.

    Where that can't be written, a warning says so before anything is
    measured, and results are returned alone.

    Args:
        model: As of `evaluate`.
        settings: As there.
        log: As there.
        sources: As there.
        probe_sources: As there.

    Returns:
        What `evaluate` does, and the JSON files written, which may have more
        of an earlier evaluation. The figure of a probe is of all its rows.
    """
    with _choose_folder(model.name) as folder:
        path = get_report_path(folder, model.step)
        result = evaluate(
            model,
            settings,
            path.parent,
            log,
            sources,
            probe_sources,
            keep=lambda result: save_report(path, result, log),
        )
        written = save_reports(folder, result, log)
        if "probe" in result:
            name = result["probe_report"] or (
                f"{model.step}-{result['protocol']['name']}"
            )
            draw_probe(
                path.with_name(f"{name}.png"), load_report(written[-1]), model
            )
    # Those in a folder for a while are gone with it.
    return result, [path for path in written if path.exists()]


def _needs_own_images(settings: Settings) -> bool:
    """Whether any part is of the run's own images; a probe may be of others."""
    is_probed = settings.probe is not None and settings.probe_data is None
    return bool(settings.measures) or is_probed


def _load_own_images(
    config: RunConfig, sources: Sources, log: Log
) -> RealImages:
    if any(sources) and config.data.held_out_dir is None:
        check_held_out(config.data.dataset, sources[1])
    log(f"loading {config.data.dataset}")
    return load_real_images(config.model, config.data, *sources)


@contextlib.contextmanager
def _choose_folder(folder: str) -> Iterator[str]:
    """Gives a model's folder, or one for a while where that is read-only."""
    try:
        scratch.check_folder_writable(os.path.join(folder, EVALUATION_DIR))
    except OSError as error:
        _log.warning(
            "%r cannot be written (%s), so that results are not kept and "
            "figures not drawn; to have them, evaluate a copy of it",
            folder,
            error.strerror,
        )
        with tempfile.TemporaryDirectory() as tmp_dir:
            yield tmp_dir
        return
    yield folder


def _find_left_out(
    model: TrainedModel,
    settings: Settings,
    result: dict,
    lacking: str,
) -> list[str]:
    """Says which measures can't be had, of those that somebody expects.

    Args:
        model: That is measured.
        settings: What was asked for.
        result: What was found.
        lacking: From `_lack_classes`, where it matters.
    """
    lines = []
    if lacking:
        lines.append(
            f"one_nn is left out: the {lacking} images have no classes, or "
            "others than the run's"
        )
    if not settings.are_named:  # All, whatever applies.
        return lines
    measures = set(settings.measures)
    if "one_nn" in measures and not model.config.model.num_classes:
        lines.append("one_nn is left out: it is for conditional runs")
    if "segmentation" in measures and not can_segment(model):
        lines.append("segmentation is left out: it is for digits of mnist")
    found = result.get("measures", {}).get("samples", {})
    lines += [
        f"{name} is left out: these features tell no classes apart"
        for name, measure in SET_MEASURES.items()
        if measure.of_classes
        and name in measures
        and not find_figures(name, found)
    ]
    return lines


def _lack_classes(model: TrainedModel, real: RealImages) -> str:
    """Names the images that aren't each of one class of the run's, if any."""
    sides = {
        "training": real.training_labels,
        "held-out": real.held_out_labels,
    }
    # Several attributes are no class either.
    lacking = [
        name
        for name, labels in sides.items()
        if labels is None
        or labels.ndim != 1
        or labels.max() >= model.config.model.num_classes
    ]
    return " and ".join(lacking)
