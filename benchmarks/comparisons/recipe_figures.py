"""The figures of `recipes.py`: checkpoints chosen and measured apart."""

import json
from pathlib import Path

import numpy as np

from dcgan_tf.evaluation.feature_extractors.choose import (
    choose_feature_extractor,
)
from dcgan_tf.evaluation.feature_extractors.feature_extractor import (
    Features,
    compute_features,
)
from dcgan_tf.evaluation.measures.frechet import compute_frechet_distance
from dcgan_tf.evaluation.real_images import load_real_images
from dcgan_tf.evaluation.set_measures import (
    compute_copying_measures,
    compute_measures,
)
from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.folder import load_run_config
from dcgan_tf.runs.trained_model import load_trained_model

# Checkpoints are chosen on other samples than those that are measured.
_CHOOSING_SEED, _MEASURING_SEED = 999, 0
_LEAST_HELD_OUT = 20


class Figures:
    """Real images in two halves, and what is measured by each.

    Args:
        run_dir: Of any run of the comparison: all have the same images.
        extractor: Of `settings.FEATURE_EXTRACTORS`.
        num_samples: Drawn of each checkpoint.
    """

    def __init__(self, run_dir: Path, extractor: str, num_samples: int):
        config = load_run_config(run_dir)
        real = load_real_images(config.model, config.data)
        if len(real.held_out) < _LEAST_HELD_OUT:
            raise SystemExit(
                f"{len(real.held_out)} images are held out, and half of them "
                "say little; name a folder of others with --held_out_dir"
            )
        self._num_samples = num_samples
        self._extractor = choose_feature_extractor(real, extractor)
        self._training = self._extract(real.training)
        self._choosing = self._extract(real.held_out[0::2])
        self._measuring = self._extract(real.held_out[1::2])
        self._floor = compute_frechet_distance(
            self._measuring.features, self._training.features[:num_samples]
        )

    def _extract(self, images: np.ndarray) -> Features:
        return compute_features(self._extractor, images)

    def _draw(self, run_dir: Path, step: int, seed: int) -> Features:
        model = load_trained_model(run_dir, str(step))
        return self._extract(model.sample_images(self._num_samples, seed))

    def measure(self, run_dir: Path) -> dict:
        """Returns a run's figures at its best checkpoint and at its last."""
        distances = self._load_or_measure_choosing(run_dir)
        best = min(distances, key=distances.get)
        last = max(distances)
        samples = self._draw(run_dir, best, _MEASURING_SEED)
        values = compute_measures(
            ("frechet", "precision_recall"), samples, self._measuring, seed=0
        )
        at_end = values["frechet"]
        if last != best:
            end = self._draw(run_dir, last, _MEASURING_SEED)
            at_end = compute_frechet_distance(
                self._measuring.features, end.features
            )
        batch_size = load_run_config(run_dir).training.batch_size
        return {
            "step": best,
            "step_fraction": best / last,
            "images": last * batch_size,
            "features": self._extractor.name,
            "num_choosing": len(self._choosing.features),
            "num_measuring": len(self._measuring.features),
            "floor": self._floor,
            "above_floor": values["frechet"] - self._floor,
            "above_floor_at_end": at_end - self._floor,
            **values,
            **compute_copying_measures(
                samples, self._training, self._measuring
            ),
            "choosing_distances": distances,
        }

    def _load_or_measure_choosing(self, run_dir: Path) -> dict[int, float]:
        """Returns distances by step, those that were measured before kept."""
        path = run_dir / "choosing_distances.json"
        kept = {}
        if path.exists():
            kept = json.loads(path.read_text(encoding="utf-8"))
        for step in checkpoints.list_steps(run_dir):
            if str(step) not in kept:
                samples = self._draw(run_dir, step, _CHOOSING_SEED)
                kept[str(step)] = compute_frechet_distance(
                    self._choosing.features, samples.features
                )
                path.write_text(json.dumps(kept), encoding="utf-8")
        return {int(step): distance for step, distance in kept.items()}
