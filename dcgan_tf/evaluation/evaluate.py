"""A subject evaluated: the file that joins measures, probe and figures."""

import time
from pathlib import Path

from dcgan_tf.evaluation.linear_probe.table import probe_subject
from dcgan_tf.evaluation.metrics.compute import MEASURES
from dcgan_tf.evaluation.real_images import load_real_images
from dcgan_tf.evaluation.sample_metrics import (
    classify_by_neighbours,
    measure_subject,
)
from dcgan_tf.evaluation.segmentation import (
    can_segment,
    segment_subject,
)
from dcgan_tf.evaluation.settings import Report, Settings
from dcgan_tf.evaluation.subject import Subject
from dcgan_tf.version import __version__


def evaluate(
    subject: Subject,
    settings: Settings,
    figures_dir: Path,
    report: Report = lambda message: None,
) -> dict:
    """Evaluates a subject and draws figures.

    Args:
        subject: Whose networks.
        settings: What to compute.
        figures_dir: Where figures go, named `<step>-<what>.png`.
        report: Takes lines on what is being done.

    Returns:
        Plain values, for JSON: every figure with what it depends on.

    Raises:
        ValueError: If the dataset lacks what a setting needs.
        OSError: If the dataset isn't there.
    """
    start = time.monotonic()
    model, data = subject.config.model, subject.config.data
    report(f"loading {data.dataset}")
    real = load_real_images(model, data)
    result = {
        "subject": subject.name,
        "step": subject.step,
        "dataset": real.dataset,
        "held_out_split": real.held_out_split,
        "seed": settings.seed,
        "dcgan_tf": __version__,
    }
    place = figures_dir / str(subject.step)
    if set(settings.measures) & {*MEASURES, "copying"}:
        result |= measure_subject(subject, settings, real, place, report)
    if "one_nn" in settings.measures and model.num_classes:
        result["one_nn"] = classify_by_neighbours(
            subject, real, settings.seed, report
        )
    if "segmentation" in settings.measures and can_segment(subject):
        report("segmenting samples by G's features")
        result["segmentation"] = segment_subject(subject, settings.seed, place)
    if settings.probe:
        result |= probe_subject(subject, settings, real, place, report)
    result["elapsed_seconds"] = round(time.monotonic() - start, 1)
    return result
