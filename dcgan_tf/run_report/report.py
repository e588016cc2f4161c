"""The report of a run: one self-contained HTML page."""

import html
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dcgan_tf import scratch
from dcgan_tf.analysis import ANALYSIS_DIR
from dcgan_tf.analysis.claims_table import describe_when, tabulate_claims
from dcgan_tf.analysis.samples import describe_images
from dcgan_tf.analysis.views import list_pictures
from dcgan_tf.config.json_text import read_json
from dcgan_tf.counted import format_count
from dcgan_tf.evaluation import EVALUATION_DIR
from dcgan_tf.evaluation.result_files import load_report
from dcgan_tf.evaluation.tables import tabulate_probe, tabulate_segmentation
from dcgan_tf.run_report.html_page import (
    flatten_settings,
    format_page,
    format_picture,
    format_table,
)
from dcgan_tf.runs.checkpoints import (
    CheckpointError,
    list_steps,
    load_best,
)
from dcgan_tf.runs.class_names import load_class_names
from dcgan_tf.runs.curves import CURVES_FILE
from dcgan_tf.runs.early_stopping import find_lost_patience
from dcgan_tf.runs.folder import load_run_config
from dcgan_tf.runs.metrics import get_elapsed_seconds, read_metrics
from dcgan_tf.runs.sample_grids import (
    GIF_FILE,
    SAMPLES_DIR,
    choose_shown_classes,
    list_grids,
)
from dcgan_tf.runs.training_warnings import read_warnings

_log = logging.getLogger(__name__)

REPORT_FILE = "report.html"

# What results that lack something, or hold something else, raise.
_DAMAGE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


def write_report(run_dir: str | os.PathLike) -> Path:
    """Gathers a run's settings, curves, samples, measures and views.

    Args:
        run_dir: The run. What it has not made yet is left out.

    Returns:
        Where the page is: `report.html` in the run's folder. Pictures are
        inside it, so that it can be sent as one file.

    Raises:
        FileNotFoundError: If the folder is no run.
        ValueError: If its settings can't be read.
    """
    run_dir = Path(run_dir)
    config = load_run_config(run_dir)
    sections = {
        "Warnings": _show_warnings(run_dir),
        "Samples": _show_samples(run_dir),
        "Training": _show_training(run_dir),
        "Evaluation": _show_evaluation(run_dir),
        "Claims": _show_claims(run_dir),
    }
    for name, heading in list_pictures().items():
        path = run_dir / ANALYSIS_DIR / name
        style = "sheet" if path.suffix == ".png" else "small"
        sections[heading] = format_picture(path, heading, style)
    sections["Settings"] = _show_settings(config.to_dict())
    title = f"{config.model.family.upper()} run: {run_dir.resolve().name}"
    page = format_page(title, _summarise(run_dir, config), sections)
    path = run_dir / REPORT_FILE
    # A folder's name need not be UTF-8; a page is.
    scratch.save_text(path, page, errors="replace")
    return path


def _summarise(run_dir: Path, config) -> str:
    height, width = config.model.image_size
    rows = read_metrics(run_dir)
    text = (
        f"{height}x{width} images of {describe_images(config.data)}, "
        f"{config.training.batch_size} a step"
    )
    if rows:
        steps = format_count(int(rows[-1]["step"]), "step")
        minutes = round(get_elapsed_seconds(rows) / 60)
        text += f"; {steps} in {format_count(minutes, 'minute')}"
    text += "." + _describe_best(run_dir, config.training.patience)
    return text


def _describe_best(run_dir: Path, patience: int) -> str:
    try:
        best = load_best(run_dir)
    except CheckpointError:
        best = None
    if best is None:
        return ""
    text = (
        f" Best checkpoint: step {best.step:,} ({best.measure} "
        f"{best.value:.4g})."
    )
    step = max(list_steps(run_dir), default=0)
    if num_stale := find_lost_patience(run_dir, patience, step):
        text += (
            f" Ended early, as {num_stale} evaluations since then were no "
            "better."
        )
    return text


def _show_warnings(run_dir: Path) -> str:
    rows = [
        (f"step {int(row['step']):,}", f"{row['kind']}: {row['text']}")
        for row in read_warnings(run_dir)
    ]
    return format_table("Noticed while training", rows) if rows else ""


def _show_samples(run_dir: Path) -> str:
    grids = list_grids(run_dir)
    if not grids:
        return ""
    step, path = list(grids.items())[-1]
    names = load_class_names(run_dir)
    names = [names[index] for index in choose_shown_classes(len(names))]
    rows = f" Rows: {html.escape(', '.join(names))}." if names else ""
    return f"<p>Step {step:,}.{rows}</p>\n" + format_picture(
        path, f"Samples of step {step}", "small pixels"
    )


def _show_training(run_dir: Path) -> str:
    curves = format_picture(
        run_dir / CURVES_FILE, "Losses and outputs of D by step", "sheet"
    )
    film = format_picture(
        run_dir / SAMPLES_DIR / GIF_FILE,
        "The same latents through training",
        "small pixels",
    )
    return curves + film


def _show_evaluation(run_dir: Path) -> str:
    """The newest step first, and of a step what isn't a probe on others."""
    paths = (run_dir / EVALUATION_DIR).glob("*.json")
    steps = {path: path.stem.split("-")[0] for path in paths}
    found = [path for path, step in steps.items() if step.isdecimal()]
    found.sort(key=lambda path: (-int(steps[path]), path.stem))
    shown = (_load_or_none(path, _format_evaluation) for path in found)
    return "".join(filter(None, shown))


def _format_evaluation(path: Path) -> str:
    """Warnings first, since figures mean less by them; then all figures."""
    step, _, probe = path.stem.partition("-")
    caption = f"Step {int(step):,}{probe and f', probe {probe}'}"
    results = load_report(path)
    warnings = results.pop("warnings", [])
    tables = []
    if "probe" in results:
        tables.append(tabulate_probe(results))
        del results["probe"]
    if "segmentation" in results:
        tables.append(tabulate_segmentation(results.pop("segmentation")))
    listed = "".join(f"<li>{html.escape(str(text))}</li>" for text in warnings)
    return (
        (f"<p>Warnings:</p>\n<ul>{listed}</ul>\n" if listed else "")
        + format_table(caption, flatten_settings(results))
        + "".join(
            format_table(caption, rows[1:], rows[0]) for caption, rows in tables
        )
    )


def _show_claims(run_dir: Path) -> str:
    path = run_dir / ANALYSIS_DIR / "claims.json"
    claims = _load_or_none(path, _load_claims) if path.exists() else None
    if not claims:
        return ""
    return format_table(*claims)


def _load_claims(path: Path) -> tuple[str, list[tuple[str, str, str]]]:
    """Returns the table's caption and its rows."""
    results = read_json(path.read_text(encoding="utf-8-sig"))
    caption = f"{describe_when(results)}: claim, threshold, measured"
    return caption, tabulate_claims(results)


def _load_or_none(path: Path, load: Callable[[Path], Any]) -> Any:
    """Reads results; a damaged file is left out with a warning."""
    try:
        return load(path)
    except _DAMAGE as error:
        _log.warning("%s is left out, as it is damaged: %s", path, error)
        return None


def _show_settings(settings: Mapping[str, Mapping]) -> str:
    tables = [
        format_table(section, flatten_settings(values))
        for section, values in settings.items()
    ]
    return f'<div class="tables">{"".join(tables)}</div>'
