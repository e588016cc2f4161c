"""The paper's claims on latents, counted on toy faces.

Each measure generates images, lets an `AttributeClassifier` label them, and
counts. Exemplars are drawn at random from samples classified as showing what is
needed, never chosen for their result.
"""

import dataclasses
import math

import numpy as np

from dcgan_tf.analysis import forget, walk
from dcgan_tf.analysis.attribute_classifier import (
    WINDOW,
    AttributeClassifier,
    find_window_boxes,
)
from dcgan_tf.analysis.generator_maps import draw_from_maps
from dcgan_tf.analysis.latent_direction import (
    NUM_EXEMPLARS,
    STRENGTHS,
    apply_direction,
    compute_direction,
)
from dcgan_tf.analysis.layers import compute_maps
from dcgan_tf.data.toy_faces import (
    ATTRIBUTE_NAMES,
    compute_window_boxes,
    make_toy_faces,
)
from dcgan_tf.latents import combine
from dcgan_tf.runs.trained_model import TrainedModel

NUM_TRIALS = 200
_NUM_CANDIDATES = 6_000
# Directions, and the random latents that each is added to.
_NUM_DIRECTIONS = 10
_NUM_MOVED = 100
# Samples that windows are counted on, and draws of as many random maps.
_NUM_WINDOW_SAMPLES = 500
_NUM_RANDOM_DRAWS = 10
# A logit: a classifier that is confident to 88%.
_CLEAR = 2.0
_SMILING = ATTRIBUTE_NAMES.index("smiling")
_LEFT = ATTRIBUTE_NAMES.index("looking_left")
# Streams of latents, so that no measure sees another's samples.
_CANDIDATES, _FRESH, _ANCHORS = 10, 11, 12


def measure_classifier(classifier: AttributeClassifier, size: int) -> dict:
    """Counts the classifier's errors on 2,000 faces that it hasn't seen.

    Args:
        classifier: Of toy faces.
        size: Side of the faces in pixels.

    Returns:
        `accuracy` by attribute, and `window_box_error`: mean absolute error
        of a box's edge in pixels.
    """
    images, attributes = make_toy_faces(2_000, size, seed=1)
    truth = np.stack(list(attributes.values()), axis=-1).astype(bool)
    right = (classifier.compute_logits(images) > 0) == truth
    shown = truth[:, WINDOW]
    boxes = compute_window_boxes(2_000, size, seed=1)[shown]
    error = np.abs(classifier.find_windows(images[shown]) - boxes).mean()
    return {
        "accuracy": _by_attribute(right.mean(0)),
        "window_box_error": float(error),
    }


def measure_arithmetic(
    model: TrainedModel, classifier: AttributeClassifier, num_exemplars: int
) -> dict:
    """Counts how often smiling A - neutral A + neutral B is smiling B.

    A and B are kinds of faces: all attributes but the smile, drawn at
    random in each of 200 trials, so that the exemplars of A smile or don't
    and are otherwise alike.

    Args:
        model: Whose G.
        classifier: Of toy faces.
        num_exemplars: A concept; the paper takes 3.

    Returns:
        `smiling_b`: the fraction of results that smile and have more of B's
        than of A's attributes, of those that A and B differ in; `smiling`:
        that smile; `kept`: by attribute, the fraction of results that have
        B's; `kept_mean`; and `mean_b_smiling`: the fraction of faces drawn
        from the mean latent of neutral B that smile, to compare with.
    """
    rng = np.random.default_rng((model.seed, num_exemplars))
    candidates = model.sample_latents(_NUM_CANDIDATES, _CANDIDATES)
    logits = classifier.compute_logits(model.generate(candidates))
    kinds = _group_by_kind(logits, num_exemplars)
    results, means, kinds_a, kinds_b = [], [], [], []
    for _ in range(NUM_TRIALS):
        a, b = rng.choice(len(kinds), 2, replace=False)
        groups = [
            candidates[rng.choice(members, num_exemplars, replace=False)]
            for members in (
                kinds[a].smiling,
                kinds[a].neutral,
                kinds[b].neutral,
            )
        ]
        results.append(combine(*groups))
        means.append(groups[2].mean(0))
        kinds_a.append(kinds[a].attributes)
        kinds_b.append(kinds[b].attributes)
    result = classifier.compute_logits(model.generate(np.stack(results))) > 0
    mean = classifier.compute_logits(model.generate(np.stack(means))) > 0
    smiling, others = result[:, _SMILING], np.delete(result, _SMILING, axis=1)
    differ = np.stack(kinds_a) != np.stack(kinds_b)
    kept = others == np.stack(kinds_b)
    is_b = (kept & differ).sum(1) > (~kept & differ).sum(1)
    names = [name for name in ATTRIBUTE_NAMES if name != "smiling"]
    return {
        "smiling_b": float((smiling & is_b).mean()),
        "smiling": float(smiling.mean()),
        "mean_b_smiling": float(mean[:, _SMILING].mean()),
        "kept": dict(zip(names, kept.mean(0).tolist(), strict=True)),
        "kept_mean": float(kept.mean()),
        "num_kinds": len(kinds),
    }


@dataclasses.dataclass(frozen=True)
class _Kind:
    """Faces that agree in all but the smile, as candidates' indices."""

    attributes: np.ndarray
    smiling: np.ndarray
    neutral: np.ndarray


def _group_by_kind(logits: np.ndarray, least: int) -> list[_Kind]:
    """Kinds with at least so many faces that clearly smile or clearly don't.

    Exemplars picked by eye are clear ones, too.
    """
    shown, smile = logits > 0, logits[:, _SMILING]
    others = np.delete(shown, _SMILING, axis=1)
    kinds = []
    for attributes in np.unique(others, axis=0):
        fits = (others == attributes).all(1)
        smiling = np.flatnonzero(fits & (smile > _CLEAR))
        neutral = np.flatnonzero(fits & (smile < -_CLEAR))
        if min(len(smiling), len(neutral)) >= least:
            kinds.append(_Kind(attributes, smiling, neutral))
    if len(kinds) < 2:
        raise ValueError(
            f"{len(kinds)} kinds of faces have {least} smiling and neutral "
            "samples; the run draws too few kinds to add and subtract"
        )
    return kinds


def measure_latent_direction(
    model: TrainedModel, classifier: AttributeClassifier
) -> dict:
    """Counts faces that look left along a right-to-left direction.

    Ten directions, each from other exemplars and added to 100 random latents.

    Args:
        model: Whose G.
        classifier: Of toy faces.

    Returns:
        `strengths`, and at each `looking_left`: the fraction of faces, over
        all directions.
    """
    rng = np.random.default_rng((model.seed, NUM_EXEMPLARS))
    candidates = model.sample_latents(_NUM_CANDIDATES, _CANDIDATES)
    left = classifier.compute_logits(model.generate(candidates))[:, _LEFT] > 0
    latents = model.sample_latents(_NUM_MOVED, _FRESH)
    fractions = []
    for _ in range(_NUM_DIRECTIONS):
        direction = compute_direction(
            _choose(rng, candidates[~left]), _choose(rng, candidates[left])
        )
        moved = apply_direction(latents, direction)
        images = model.generate(moved.reshape(-1, moved.shape[-1]))
        found = classifier.compute_logits(images)[:, _LEFT] > 0
        fractions.append(found.reshape(moved.shape[:2]).mean(0))
    return {
        "strengths": STRENGTHS.tolist(),
        "looking_left": np.mean(fractions, axis=0).tolist(),
    }


def measure_forgetting(
    model: TrainedModel, classifier: AttributeClassifier, layer_name: str
) -> dict:
    """Counts windows on 500 samples before and after G forgets them.

    Args:
        model: Whose G.
        classifier: Of toy faces.
        layer_name: Of G, whose maps are dropped. Their weights are learnt
            from the classifier's boxes on the numbered samples.

    Returns:
        `num_dropped` of `num_maps`; the fraction of samples with a window
        `before`, `after`, and with `random` maps dropped; and how often the
        other attributes stay the same, `unchanged` by attribute,
        `unchanged_mean` and `random_unchanged_mean`.
    """
    boxes = find_window_boxes(model, classifier)
    weights = forget.learn_object(model, layer_name, boxes)
    latents = model.sample_latents(_NUM_WINDOW_SAMPLES, _FRESH)
    maps = compute_maps(model.generator, layer_name, latents)
    gains = forget.choose_dropped(weights)

    def classify_with(gains):
        images = draw_from_maps(model.generator, layer_name, maps, gains)
        return classifier.compute_logits(images) > 0

    before, after = classify_with(np.ones_like(gains)), classify_with(gains)
    random = [
        classify_with(forget.choose_randomly_dropped(gains, seed))
        for seed in range(_NUM_RANDOM_DRAWS)
    ]
    unchanged = _by_attribute((before == after).mean(0))
    del unchanged["window"]
    others = [i for i in range(len(ATTRIBUTE_NAMES)) if i != WINDOW]
    random_unchanged = np.mean([(before == r)[:, others] for r in random])
    return {
        "layer": layer_name,
        "num_dropped": int((gains == 0).sum()),
        "num_maps": len(gains),
        "before": float(before[:, WINDOW].mean()),
        "after": float(after[:, WINDOW].mean()),
        "random": float(np.mean([r[:, WINDOW] for r in random])),
        "unchanged": unchanged,
        "unchanged_mean": float(np.mean(list(unchanged.values()))),
        "random_unchanged_mean": float(random_unchanged),
    }


def measure_walks(model: TrainedModel, num_walks: int = 5) -> dict:
    """Measures the smoothness of walks between nine random latents.

    Args:
        model: Whose G.
        num_walks: Walks of nine legs each.

    Returns:
        `straight` and `great_circle`: the ratio of the largest distance of
        neighbouring images to the median one, the worst of the walks; None
        where it is infinite, which JSON has no number for.
    """
    ratios = {"straight": [], "great_circle": []}
    for index in range(num_walks):
        anchors = model.sample_latents(walk.NUM_ANCHORS, _ANCHORS + index)
        for name in ratios:
            smoothness = walk.measure_smoothness(
                model.generator, anchors, name == "great_circle"
            )
            ratios[name].append(smoothness.ratio)
    worst = {name: max(values) for name, values in ratios.items()}
    return {n: None if math.isinf(x) else x for n, x in worst.items()}


def _choose(rng, candidates: np.ndarray) -> np.ndarray:
    if len(candidates) < NUM_EXEMPLARS:
        raise ValueError(
            f"{len(candidates)} samples show a concept that {NUM_EXEMPLARS} "
            "exemplars are needed of; the run draws too few kinds of faces"
        )
    return candidates[rng.choice(len(candidates), NUM_EXEMPLARS, replace=False)]


def _by_attribute(values: np.ndarray) -> dict[str, float]:
    return {
        name: float(value)
        for name, value in zip(ATTRIBUTE_NAMES, values, strict=True)
    }
