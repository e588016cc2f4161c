"""Segments a model's samples, by G's features and by pixels alone."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from dcgan_tf.evaluation import figures
from dcgan_tf.evaluation.pixel_features import (
    SEGMENT_NAMES,
    build_pixel_features,
    label_strokes,
    segment,
)
from dcgan_tf.latents import latents_from_seeds
from dcgan_tf.runs.trained_model import TrainedModel
from dcgan_tf.seeds import make_seeds

_NUM_IMAGES, _LABELLED_COUNTS = 220, (1, 5, 20)


def can_segment(model: TrainedModel) -> bool:
    """Whether the truth of a segmentation is known: light on black."""
    return (
        not model.is_export
        and not model.config.model.features_refusal
        and model.config.data.trained_dataset in ("mnist_5k", "mnist")
    )


def segment_samples(model: TrainedModel, seed: int, prefix: Path) -> dict:
    """Segments samples from 1, 5 and 20 labelled ones, and draws the last.

    Args:
        model: Of which `can_segment`.
        seed: Of the samples.
        prefix: Start of the figure's name.

    Returns:
        The `measure` and its `rows`, for G's features and for the pixel.

    Raises:
        NoSegmentsError: If samples lack a segment, as all-black ones do.
    """
    extract = build_pixel_features(model.generator)
    # Traced, since op by op each seed takes milliseconds.
    draw = tf.function(latents_from_seeds, autograph=False)
    latents = draw(
        tf.constant(make_seeds(seed, _NUM_IMAGES)),
        model.config.model.latent_dim,
    )
    features, images = (part.numpy() for part in extract(latents))
    truth = label_strokes(images)
    # The labelled ones must show each segment: begin with those that do.
    order = np.argsort([-len(np.unique(t)) for t in truth], kind="stable")
    features, images, truth = features[order], images[order], truth[order]
    first_test = _LABELLED_COUNTS[-1]
    rows = []
    for name, inputs in (("G's features", features), ("pixel", images)):
        for count in _LABELLED_COUNTS:
            used = np.r_[:count, first_test : len(images)]
            segmented = segment(inputs[used], truth[used], count)
            rows.append(
                {
                    "features": name,
                    "num_features": inputs.shape[-1],
                    "num_labelled": count,
                    "num_test": segmented.num_test,
                    "overlap": segmented.overlaps,
                }
            )
            if name != "pixel":
                shown = segmented
    figures.draw_segmentation(
        f"{prefix}-segmentation.png",
        images[first_test:],
        truth[first_test:],
        shown,
        SEGMENT_NAMES,
        model,
    )
    return {"measure": "intersection over union", "rows": rows}
