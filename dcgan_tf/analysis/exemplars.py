"""Chooses groups of latents that show concepts, as a user asks for them."""

import csv
import io
from collections.abc import Sequence

import numpy as np

from dcgan_tf.analysis.concepts import (
    LinearLabeller,
    find_exemplars,
    parse_concept,
    parse_pick,
)
from dcgan_tf.analysis.samples import (
    NUM_NUMBERED,
    load_first_images,
    sample_numbered_latents,
)
from dcgan_tf.analysis.views import VIEWS
from dcgan_tf.runs.trained_model import TrainedModel
from dcgan_tf.setting_names import name_setting

_NUM_CANDIDATES = 512
_NUM_LABELLED = 2_000
_CANDIDATES_STREAM = 20

# Concepts that a dataset's attributes suggest, for the views without flags.
DEFAULT_CONCEPTS = {
    "toy_faces": {
        "arithmetic": (
            "smiling+long_hair",
            "long_hair-smiling",
            "-long_hair-smiling",
        ),
        "turn": ("-looking_left", "looking_left"),
    },
    "celeb_a": {
        "arithmetic": ("Smiling-Male", "-Smiling-Male", "Male-Smiling"),
        "turn": ("-Eyeglasses", "Eyeglasses"),
    },
}


def choose_by_number(
    model: TrainedModel, pick: str, num_groups: int
) -> tuple[list[np.ndarray], list[str], str]:
    """Takes the samples that a user picked from the numbered sheet.

    Args:
        model: Whose samples.
        pick: Such as `3,17,40/5,9,2`.
        num_groups: How many groups a view takes.

    Returns:
        Latents of each group, their names, and a sentence for the caption.

    Raises:
        ValueError: If the pick is not that many groups of numbers.
    """
    numbers = parse_pick(pick, num_groups, NUM_NUMBERED)
    latents = sample_numbered_latents(model)
    return (
        [latents[group] for group in numbers],
        [_name_samples(group) for group in numbers],
        "Exemplars picked by number.",
    )


def _name_samples(numbers: np.ndarray) -> str:
    noun = "sample" if len(numbers) == 1 else "samples"
    return f"{noun} {', '.join(map(str, numbers))}"


def choose_by_concept(
    model: TrainedModel, view: str, texts: Sequence[str] | None, count: int
) -> tuple[list[np.ndarray], list[str], str]:
    """Finds samples that show concepts, by classifiers on D's features.

    Args:
        model: Whose samples, and whose D.
        view: `arithmetic` or `turn`, for the default concepts.
        texts: Concepts, as `parse_concept` reads them; None for defaults.
        count: Exemplars a concept.

    Returns:
        As `choose_by_number`.

    Raises:
        ValueError: If D has no features, the run's data no labels, a concept
            names none of them, or too few samples show it.
    """
    by_number = f"pick samples by number with {name_setting('pick')}"
    if refusal := model.config.model.features_refusal:
        raise ValueError(f"{refusal}; {by_number}")
    images, labels, source = load_first_images(model.config, _NUM_LABELLED)
    if labels is None:
        raise ValueError(
            f"{source.name} has no labels to find exemplars by; {by_number}"
        )
    names = source.attribute_names or source.label_names
    if texts is None:
        texts = _suggest(view, source.name, names)
    num_groups = VIEWS[view].num_groups
    if len(texts) < num_groups:
        enough = _combine(names, num_groups)
        raise ValueError(
            f"{view} takes {num_groups} concepts, and {source.name} has "
            f"{', '.join(names)}; make more of them with + and -, such as "
            f"{name_setting('concepts', enough)}, or {by_number}"
        )
    concepts = [parse_concept(text, names) for text in texts]
    labeller = LinearLabeller(model.compute_features, images, labels, names)
    latents = model.sample_latents(_NUM_CANDIDATES, _CANDIDATES_STREAM)
    margins = labeller.compute_margins(model.generate(latents))
    groups = [
        latents[find_exemplars(concept, names, margins, count)]
        for concept in concepts
    ]
    how_found = (
        f"Exemplars: of {_NUM_CANDIDATES} samples, those that linear "
        "classifiers on D's features are surest of."
    )
    return groups, [concept.description for concept in concepts], how_found


def _suggest(view: str, dataset: str, names: Sequence[str]) -> Sequence[str]:
    for name, concepts in DEFAULT_CONCEPTS.items():
        # A user's folder may be called as a dataset is.
        if dataset.startswith(name) and _can_read(concepts[view], names):
            return concepts[view]
    return names[: VIEWS[view].num_groups]


def _can_read(concepts: Sequence[str], names: Sequence[str]) -> bool:
    try:
        for text in concepts:
            parse_concept(text, names)
    except ValueError:
        return False
    return True


def _combine(names: Sequence[str], count: int) -> str:
    """Makes so many concepts of fewer names, such as `a,b,-a`.

    As the flag reads them: a name that holds a comma is quoted.
    """
    concepts = [*names, *(f"-{name}" for name in names)]
    row = io.StringIO()
    csv.writer(row, lineterminator="").writerow((concepts * count)[:count])
    return row.getvalue()
