"""The table of a probe: a model's features beside their baselines."""

import dataclasses
from pathlib import Path

from dcgan_tf.evaluation.linear_probe import supervised
from dcgan_tf.evaluation.linear_probe.kept_results import KeptRow
from dcgan_tf.evaluation.linear_probe.prepare import PreparedProbe
from dcgan_tf.evaluation.linear_probe.probe import probe_features
from dcgan_tf.evaluation.linear_probe.progress import StageProgress
from dcgan_tf.evaluation.linear_probe.protocols import choose_label_counts
from dcgan_tf.evaluation.linear_probe.result import ProbeResult
from dcgan_tf.evaluation.settings import Log, Settings
from dcgan_tf.version import __version__

# In an evaluation's folder.
_KEPT_DIR = "probe_results"


def run_probe(
    probe: PreparedProbe,
    settings: Settings,
    folder: Path,
    log: Log = lambda message: None,
) -> dict:
    """Probes a model by a protocol.

    Args:
        probe: From `prepare_probe`, of the same settings.
        settings: Which label counts, and the seed of draws.
        folder: Of rows that are kept, so that a stopped table resumes.
        log: Takes lines on what is being done and how long it will take.

    Returns:
        The `protocol`; `probe`, a list of results; `probe_data`, what it was
        trained and tested on; `trained_on`, what the model was;
        `discriminator_statistics`, of which images, where a row needs any;
        `probe_report`, the name of its files where they aren't the run's own
        evaluation's.
    """
    data, about = probe.data, probe.about
    log(
        f"probing on {len(data.images):,} training and "
        f"{len(data.test_images):,} test images of "
        f"{about['probe_data']['dataset']}"
    )
    results = _probe_rows(probe, settings, folder / _KEPT_DIR, log)
    return {
        "protocol": dataclasses.asdict(probe.protocol),
        "probe": [dataclasses.asdict(result) for result in results],
        **about,
    }


def _probe_rows(
    probe: PreparedProbe, settings: Settings, folder: Path, log: Log
) -> list[ProbeResult]:
    """Probes each row that is asked for; those kept are taken over."""
    model, data, seed = probe.model.config.model, probe.data, settings.seed
    shared_key = {
        "dcgan_tf": __version__,
        "protocol": dataclasses.asdict(probe.protocol),
        "seed": seed,
        "num_pool": data.num_pool,
        "images": probe.digest,
    }
    # Results don't depend on which others are asked for: the same key.
    protocol = choose_label_counts(probe.protocol, settings.probe_labels)
    progress = StageProgress(log, "rows of the table", len(probe.rows))
    results = []
    for name, row in probe.rows.items():
        about = row.identify() if row else dataclasses.asdict(model)
        kept = KeptRow(folder, {"features": name, **shared_key, "of": about})
        if row:
            results += probe_features(
                name, row.compute, data, protocol, seed, log, kept
            )
        else:
            results += supervised.probe_supervised(
                model, data, protocol, seed, log, kept
            )
        progress.advance()
    return results
