"""Ablates each of the paper's guidelines alone, training on the digits.

    python benchmarks/ablate_guidelines.py [--seeds=0,1,2] [--json=F] [--smoke]
    python benchmarks/ablate_guidelines.py --merge F1 F2    # their table

Section 3's architecture and Section 4's Adam, on the embedded digits with
their own recipe but for fewer steps and no average of G's weights, which
would hide what the guidelines are against. Each run's samples are measured
against held-out digits by their classifier.
"""

import dataclasses
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import ablations
import command
import machine
import numpy as np

from dcgan_tf.config import RunConfig
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.pipeline import build_training_dataset
from dcgan_tf.evaluation.feature_extractors.choose import (
    choose_feature_extractor,
)
from dcgan_tf.evaluation.feature_extractors.feature_extractor import (
    FeatureExtractor,
    Features,
    compute_features,
)
from dcgan_tf.evaluation.measures.class_coverage import (
    compute_class_fractions,
)
from dcgan_tf.evaluation.measures.frechet import compute_frechet_distance
from dcgan_tf.evaluation.real_images import (
    RealImages,
    load_real_images,
)
from dcgan_tf.kernels.precision import resolve_precision
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.runs.sampling import sample_images
from dcgan_tf.training.state import TrainingState
from dcgan_tf.training.step import GradientTapeStep

NUM_STEPS, NUM_SAMPLES = 1_200, 2_000
SMOKE_STEPS, SMOKE_SAMPLES = 2, 100
SMOKE_SETTINGS = {
    "image_size": (16, 16),
    "base_filters": 2,
    "split": "train[:400]",
}
# A run has collapsed where a class is all but missing, or where samples are
# so much alike that their features vary a quarter as much as real ones.
LEAST_CLASS_SHARE = 0.01
LEAST_VARIANCE_RATIO = 0.25


def train(
    variant: ablations.Variant, config: RunConfig, precision: str
) -> TrainingState:
    """Trains a variant on the config's dataset, without writing anything."""
    config = variant.edit_config(config)
    state = variant.build_state(config, precision)
    step = GradientTapeStep(state, config)
    training = config.training
    batches = build_training_dataset(
        load_source(config.data),
        config.model,
        config.data,
        batch_size_per_replica=training.batch_size,
        global_batch_size=training.batch_size,
        seed=training.seed,
    )
    for images in batches.take(training.steps):
        step.train_step(images)
    return state


def measure(samples: Features, held_out: Features) -> dict:
    """Returns a run's distance, coverage and variety."""
    return {
        "frechet": compute_frechet_distance(
            held_out.features, samples.features
        ),
        "least_class_share": float(
            np.min(compute_class_fractions(samples.probabilities))
        ),
        "variance_ratio": float(
            np.var(samples.features, axis=0).sum()
            / np.var(held_out.features, axis=0).sum()
        ),
    }


def has_collapsed(run: dict) -> bool:
    """Whether a run ended in NaN, without a class, or without variety."""
    return (
        run["frechet"] is None
        or run["least_class_share"] < LEAST_CLASS_SHARE
        or run["variance_ratio"] < LEAST_VARIANCE_RATIO
    )


def format_table(runs: Sequence[dict]) -> str:
    """One line a variant: distances, coverage, runs collapsed."""
    lines = [
        "| ablated | distance, mean | least to most | rarest digit "
        "| collapsed |",
        "|---|--:|--:|--:|--:|",
    ]
    for name in dict.fromkeys(run["variant"] for run in runs):
        mine = [run for run in runs if run["variant"] == name]
        distances = [r["frechet"] for r in mine if r["frechet"] is not None]
        shares = [run["least_class_share"] for run in mine]
        cells = ("-", "-")
        if distances:
            cells = (
                f"{statistics.mean(distances):.1f}",
                f"{min(distances):.1f} to {max(distances):.1f}",
            )
        collapsed = sum(map(has_collapsed, mine))
        lines.append(
            f"| {name} | {cells[0]} | {cells[1]} "
            f"| {statistics.mean(shares):.1%} | {collapsed} of {len(mine)} |"
        )
    return "\n".join(lines)


def run_all(seeds: Sequence[int], is_smoke: bool) -> list[dict]:
    """Trains and measures every variant with every seed."""
    # Without what the paper doesn't have.
    settings = {"steps": NUM_STEPS, "ema_decay": 0.0, "weight_decay": 0.0}
    num_samples = NUM_SAMPLES
    if is_smoke:
        settings |= {"steps": SMOKE_STEPS, **SMOKE_SETTINGS}
        num_samples = SMOKE_SAMPLES
    config = resolve_run_config(settings)
    precision = resolve_precision(config.training.precision, num_replicas=1)
    real = load_real_images(config.model, config.data)
    network = _load_classifier(real, is_smoke)
    held_out = compute_features(network, real.held_out)
    runs = []
    for seed in seeds:
        for name, variant in ablations.VARIANTS.items():
            config = resolve_run_config({**settings, "seed": seed})
            start = time.perf_counter()
            state = train(variant, config, precision)
            record = {"variant": name, "seed": seed, "precision": precision}
            if ablations.is_finite(state):
                generator = ablations.freeze_generator(state, config)
                samples = compute_features(
                    network,
                    sample_images(generator, config.model, num_samples, seed=0),
                )
                record |= measure(samples, held_out)
            else:
                record |= {"frechet": None, "least_class_share": 0.0}
            record["seconds"] = time.perf_counter() - start
            print(json.dumps(record), file=sys.stderr, flush=True)
            runs.append(record)
    return runs


def _load_classifier(real: RealImages, is_smoke: bool) -> FeatureExtractor:
    """The dataset's kept classifier; for smoke a poor one, not kept."""
    if not is_smoke:
        return choose_feature_extractor(real, "classifier")
    few = dataclasses.replace(
        real,
        training=real.training[:SMOKE_SAMPLES],
        training_labels=real.training_labels[:SMOKE_SAMPLES],
    )
    with tempfile.TemporaryDirectory() as cache_dir:
        return choose_feature_extractor(few, "classifier", cache_dir=cache_dir)


def read_runs(path: str) -> list[dict]:
    """Reads what `--json` has written."""
    text = Path(path).read_text(encoding="utf-8")
    try:
        runs = json.loads(text)["runs"]
        format_table(runs)
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            f"{path!r} is no file that --json of this benchmark has written"
        ) from None
    return runs


def main() -> None:
    parser = command.make_parser(__doc__)
    parser.add_argument(
        "--seeds", type=command.wholes(0), default="0,1,2", help="0,1,2"
    )
    parser.add_argument(
        "--merge", nargs="+", metavar="F", help="only print these files' table"
    )
    values = parser.parse_args()
    if values.merge:
        runs = [run for path in values.merge for run in read_runs(path)]
    else:
        seeds = values.seeds[:1] if values.smoke else values.seeds
        runs = run_all(seeds, values.smoke)
    print(f"{machine.describe()}; Fréchet distance, {NUM_STEPS:,} steps\n")
    print(format_table(runs))
    command.write_json(values.json, runs=runs)


if __name__ == "__main__":
    command.run(main)
