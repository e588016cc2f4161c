"""The figures of `families.py`: of a run at a step, and of its networks."""

import json
import time
from pathlib import Path

from comparisons.timed_training import count_images
from dcgan_tf.evaluation.evaluate import evaluate
from dcgan_tf.evaluation.settings import Settings
from dcgan_tf.models.networks import build_networks
from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.trained_model import TrainedModel, load_trained_model

MEASURES = ("frechet", "precision_recall", "coverage")
# From the measures' names to the table's.
COLUMNS = {
    "frechet": "distance",
    "precision": "precision",
    "recall": "recall",
    "confident_fraction": "confident",
    "smallest_class_fraction": "rarest class",
}
NUM_TIMED, SMOKE_TIMED = 1_000, 128


def find_step(run_dir: Path, num_images: int) -> int:
    """Returns the checkpoint nearest to a number of images."""
    return min(
        checkpoints.list_steps(run_dir),
        key=lambda step: abs(count_images(run_dir, step) - num_images),
    )


def load_or_measure(run_dir: Path, step: int, is_smoke: bool) -> dict:
    """Returns a step's figures, kept from before if they were taken."""
    path = run_dir / f"measured-{step}.json"
    if not path.exists():
        figures = measure(run_dir, step, is_smoke)
        path.write_text(json.dumps(figures), encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


def measure(run_dir: Path, step: int, is_smoke: bool) -> dict:
    """Measures a run's samples at a step."""
    model = load_trained_model(run_dir, str(step))
    settings = Settings(
        measures=MEASURES[:1] if is_smoke else MEASURES,
        feature_extractor="random" if is_smoke else "auto",
        num_samples=16 if is_smoke else 2_000,
    )
    result = evaluate(model, settings, run_dir / "evaluation")
    samples = result["measures"]["samples"]
    return {
        "step": step,
        "images": count_images(run_dir, step),
        **{key: samples.get(key) for key in COLUMNS},
    }


def time_samples(model: TrainedModel, is_smoke: bool) -> float:
    """Returns the seconds that 1,000 samples take, once traced."""
    model.sample_images(128)
    start = time.perf_counter()
    model.sample_images(SMOKE_TIMED if is_smoke else NUM_TIMED)
    return time.perf_counter() - start


def describe(run_dir: Path, is_smoke: bool) -> dict:
    """Returns what doesn't depend on training."""
    model = load_trained_model(run_dir)
    networks = build_networks(model.config.model)
    return {
        "parameters": sum(x.count_params() for x in networks),
        "seconds_for_1000": time_samples(model, is_smoke),
    }
