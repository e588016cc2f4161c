"""A subject evaluated: the file that joins measures, probe and figures."""

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dcgan_tf.evaluation import figures
from dcgan_tf.evaluation.encoder import train_encoder
from dcgan_tf.evaluation.feature_network import compute_features
from dcgan_tf.evaluation.generator_features import (
    SEGMENT_NAMES,
    build_pixel_features,
    label_strokes,
    segment,
)
from dcgan_tf.evaluation.measures import (
    MEASURES,
    compute_copying_measures,
    compute_measures,
    count_pairs,
)
from dcgan_tf.evaluation.neighbours import find_nearest
from dcgan_tf.evaluation.networks import choose_network
from dcgan_tf.evaluation.one_nn import compute_one_nn_error
from dcgan_tf.evaluation.probe import ProbeResult, probe_features
from dcgan_tf.evaluation.protocols import PROTOCOLS, arrange
from dcgan_tf.evaluation.representations import (
    represent_by_discriminator,
    represent_by_generator,
    represent_by_pixels,
)
from dcgan_tf.evaluation.samples import (
    RealImages,
    draw_noise,
    load_real_images,
    make_labels,
    make_seeds,
)
from dcgan_tf.evaluation.subject import Subject
from dcgan_tf.evaluation.supervised import probe_supervised
from dcgan_tf.latents import latents_from_seeds
from dcgan_tf.models.discriminator import build_discriminator
from dcgan_tf.version import __version__

ALL_MEASURES = (*MEASURES, "copying", "one_nn", "segmentation")
_NUM_ONE_NN_SAMPLES = 10_000
_NUM_SEGMENTED, _LABELLED_COUNTS = 220, (1, 5, 20)
# Three times the share that held-out images have by definition.
_COPYING_LIMIT = 0.15
Report = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Settings:
    """What to compute, and all that the figures depend on.

    Attributes:
        measures: Of `ALL_MEASURES`; those that don't apply are left out.
        network: Of `networks.NETWORKS`.
        inception_path: For the `inception` network.
        probe: Of `protocols.PROTOCOLS`, or None.
        num_samples: Generated images, and at most as many real ones.
        seed: Of samples, networks, subsets and draws.
        cache_dir: Where classifiers are kept; None for the default.
    """

    measures: tuple[str, ...] = ALL_MEASURES
    network: str = "auto"
    inception_path: str | None = None
    probe: str | None = None
    num_samples: int = 2_000
    seed: int = 0
    cache_dir: str | None = None


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
        result |= _measure(subject, settings, real, place, report)
    if "one_nn" in settings.measures and model.num_classes:
        report(f"1-NN fitted on {_NUM_ONE_NN_SAMPLES} samples")
        result["one_nn"] = _test_one_nn(subject, real, settings.seed)
    if "segmentation" in settings.measures and _has_strokes(subject):
        report("segmenting samples by G's features")
        result["segmentation"] = _segment(subject, settings.seed, place)
    if settings.probe:
        result |= _probe(subject, settings, real, place, report)
    result["elapsed_seconds"] = round(time.monotonic() - start, 1)
    return result


def _measure(subject, settings, real: RealImages, place: Path, report) -> dict:
    count, seed = settings.num_samples, settings.seed
    report("preparing the feature network")
    network = choose_network(
        real,
        settings.network,
        seed,
        settings.cache_dir,
        settings.inception_path,
    )
    report(f"drawing {count} samples")
    images = {
        "samples": subject.draw(count, seed),
        "training": real.training[:count],
        "noise": draw_noise((count, *real.held_out.shape[1:]), seed),
        "held_out": real.held_out[:count],
    }
    sets = {}
    for name, members in images.items():
        report(f"features of {len(members)} images: {name}")
        sets[name] = compute_features(network, members)
    held_out = sets.pop("held_out")
    names = [name for name in settings.measures if name in MEASURES]
    values = {}
    for name, members in sets.items():
        report(f"measures: {name}")
        values[name] = compute_measures(names, members, held_out, seed)
    warnings = []
    if "copying" in settings.measures:
        report("nearest training images")
        training = compute_features(network, real.training)
        copying = compute_copying_measures(sets["samples"], training, held_out)
        values["samples"] |= copying
        if copying["copying_features_near_share"] > _COPYING_LIMIT:
            warnings.append(
                "samples lie nearer to training images than held-out ones "
                "do: see the neighbours' figure for copies"
            )
        nearest = [
            find_nearest(
                getattr(sets["samples"], space), getattr(training, space), 3
            )
            for space in ("pixels", "features")
        ]
        figures.draw_neighbours(
            f"{place}-neighbours.png",
            images["samples"],
            real.training,
            nearest,
            subject,
        )
    return {
        "network": {
            key: getattr(network, key)
            for key in ("name", "description", "resize", "seed")
        },
        "counts": {
            **{name: len(members) for name, members in images.items()},
            "equal_pairs": count_pairs(sets["samples"], held_out),
        },
        "measures": values,
        "warnings": warnings,
    }


def _test_one_nn(subject: Subject, real: RealImages, seed: int) -> dict:
    samples = subject.draw(_NUM_ONE_NN_SAMPLES, seed)
    num_classes = subject.config.model.num_classes
    labels = make_labels(len(samples), num_classes)
    test = real.held_out, real.held_out_labels
    return {
        "num_samples": len(samples),
        "num_training": len(real.training),
        "num_test": len(real.held_out),
        "space": "pixels",
        "samples_error": compute_one_nn_error(samples, labels, *test),
        "training_error": compute_one_nn_error(
            real.training, real.training_labels, *test
        ),
    }


def _has_strokes(subject: Subject) -> bool:
    """Whether the truth of a segmentation is known: light on black."""
    return (
        subject.generator is not None
        and not subject.config.model.num_classes
        and subject.config.data.dataset in ("mnist_5k", "mnist")
    )


def _segment(subject: Subject, seed: int, place: Path) -> dict:
    model = build_pixel_features(subject.generator)
    latents = latents_from_seeds(
        make_seeds(seed, _NUM_SEGMENTED), subject.config.model.latent_dim
    )
    features, images = (part.numpy() for part in model(latents))
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
        f"{place}-segmentation.png",
        images[first_test:],
        truth[first_test:],
        shown,
        SEGMENT_NAMES,
        subject,
    )
    return {"measure": "intersection over union", "rows": rows}


def _probe(subject, settings, real: RealImages, place: Path, report) -> dict:
    protocol = PROTOCOLS[settings.probe]
    if protocol.dataset not in (None, real.dataset):
        raise ValueError(
            f"the {protocol.name} probe is for {protocol.dataset}, and the "
            f"run was trained on {real.dataset}; few_labels is for any"
        )
    arranged = arrange(
        protocol,
        real.training,
        real.training_labels,
        real.held_out,
        real.held_out_labels,
        settings.seed,
    )
    model = subject.config.model
    # What this run's D was before its first step.
    untrained = build_discriminator(model, seed=subject.config.training.seed)
    rows = {
        "D": subject.build_features(real.training),
        "raw pixels": represent_by_pixels,
        "untrained D": represent_by_discriminator(untrained, real.training),
    }
    if subject.generator is not None:
        report("training the encoder from images to latents")
        encoder = train_encoder(
            subject.generator, model, seed=settings.seed, report=report
        )
        rows["G at the recovered latent"] = represent_by_generator(
            subject.generator, encoder
        )
    results: list[ProbeResult] = []
    for name, compute in rows.items():
        results += probe_features(
            name, compute, arranged, protocol, settings.seed, report
        )
    results += probe_supervised(
        model, arranged, protocol, settings.seed, report
    )
    figures.draw_probe(f"{place}-{protocol.name}.png", results, subject)
    return {
        "protocol": dataclasses.asdict(protocol),
        "probe": [dataclasses.asdict(result) for result in results],
    }
