"""The measured claims on toy faces, each beside its threshold.

The thresholds were set before anything was measured; the paper gives none.
"""

from typing import Any

from dcgan_tf.analysis import claims
from dcgan_tf.analysis.attribute_classifier import (
    AttributeClassifier,
    train_attribute_classifier,
)
from dcgan_tf.analysis.layers import find_second_highest_layer
from dcgan_tf.analysis.samples import describe_images, get_run_name
from dcgan_tf.data.toy_faces import SIZES
from dcgan_tf.runs.trained_model import TrainedModel


def find_refusal(model: TrainedModel) -> str:
    """Says why no attribute classifier is for a run's images; '' if one is."""
    config = model.config
    if config.data.trained_dataset != "toy_faces":
        return (
            f"run {get_run_name(model)} is trained on "
            f"{describe_images(config.data)}; only toy_faces has attributes "
            "whose truth is known"
        )
    shape = (*config.model.image_size, config.model.channels)
    if shape not in [(size, size, 3) for size in SIZES]:
        return (
            f"run {get_run_name(model)} draws faces of {shape} (height, width, "
            "channels); a classifier of their attributes is trained on those "
            f"of {' or '.join(map(str, SIZES))} pixels in colour"
        )
    return ""


def train_run_classifier(model: TrainedModel) -> AttributeClassifier:
    """Trains an attribute classifier for a run's images.

    Raises:
        ValueError: If the run isn't one of toy faces as they are drawn.
    """
    if refusal := find_refusal(model):
        raise ValueError(refusal)
    return train_attribute_classifier(model.config.model.image_size[0])


def measure_claims(
    model: TrainedModel, layer_name: str | None = None
) -> dict[str, dict]:
    """Measures the claims of Section 6 on a run of toy faces.

    Args:
        model: The run.
        layer_name: Of G, to forget windows in; None for the
            second-highest convolution.

    Returns:
        What the measures of `claims` return, by name, and `run`, `step` and
        `seed`; made of what JSON holds.

    Raises:
        ValueError: If the run isn't one of toy faces.
    """
    classifier = train_run_classifier(model)
    layer_name = layer_name or find_second_highest_layer(model.generator)
    size = model.config.model.image_size[0]
    return {
        "run": get_run_name(model),
        "step": model.step,
        "seed": model.seed,
        "classifier": claims.measure_classifier(classifier, size),
        "arithmetic_3": claims.measure_arithmetic(model, classifier, 3),
        "arithmetic_1": claims.measure_arithmetic(model, classifier, 1),
        "turn": claims.measure_latent_direction(model, classifier),
        "forgetting": claims.measure_forgetting(model, classifier, layer_name),
        "walks": claims.measure_walks(model),
    }


def describe_when(results: dict[str, Any]) -> str:
    """Says at which step, and by which latents, claims were measured."""
    return f"Step {results['step']:,}, seed {results['seed']}"


def tabulate_claims(results: dict[str, dict]) -> list[tuple[str, str, str]]:
    """Returns `measure_claims`' results as claim, threshold, measured."""
    three, one = results["arithmetic_3"], results["arithmetic_1"]
    forgetting, walks = results["forgetting"], results["walks"]
    fractions = results["turn"]["looking_left"]
    worst_accuracy = min(results["classifier"]["accuracy"].values())
    return [
        (
            "classifiers of attributes, the worst",
            "> 98%",
            _percent(worst_accuracy),
        ),
        (
            f"arithmetic, 3 exemplars: smiling B of {claims.NUM_TRIALS}",
            ">= 80%",
            f"{_percent(three['smiling_b'])} (mean of neutral B smiles: "
            f"{_percent(three['mean_b_smiling'])})",
        ),
        (
            "the other attributes are B's",
            ">= 70%",
            _percent(three["kept_mean"]),
        ),
        (
            "arithmetic, single exemplars: smiling B",
            "lower",
            f"{_percent(one['smiling_b'])} (others B's: "
            f"{_percent(one['kept_mean'])})",
        ),
        (
            "turn: looking left at strengths -1 to 1",
            "< 10% to > 90%",
            " ".join(_percent(fraction) for fraction in fractions),
        ),
        (
            f"forget: windows, {forgetting['num_dropped']} of "
            f"{forgetting['num_maps']} maps dropped",
            "a third",
            f"{_percent(forgetting['before'])} to "
            f"{_percent(forgetting['after'])}",
        ),
        (
            "as many random maps: windows",
            "clearly more",
            _percent(forgetting["random"]),
        ),
        (
            "forget: other attributes unchanged (random maps)",
            ">= 80%",
            f"{_percent(forgetting['unchanged_mean'])} "
            f"({_percent(forgetting['random_unchanged_mean'])})",
        ),
        (
            "walk: largest over median distance (great circles)",
            "<= 3",
            f"{_ratio(walks['straight'])} ({_ratio(walks['great_circle'])})",
        ),
    ]


def format_table(results: dict[str, dict]) -> str:
    """Writes `measure_claims`' results as a Markdown table."""
    rows = tabulate_claims(results)
    lines = ["| claim | threshold | measured |", "|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def _percent(fraction: float) -> str:
    return (
        f"{100 * fraction:.0f}%"
        if fraction < 0.98
        else f"{100 * fraction:.1f}%"
    )


def _ratio(value: float | None) -> str:
    return "infinite" if value is None else f"{value:.1f}"
