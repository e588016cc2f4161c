"""A subject's features probed: D's, G's, and what they are compared to."""

import dataclasses
from pathlib import Path

from dcgan_tf.evaluation import figures
from dcgan_tf.evaluation.linear_probe.encoder import train_encoder
from dcgan_tf.evaluation.linear_probe.probe import ProbeResult, probe_features
from dcgan_tf.evaluation.linear_probe.protocols import PROTOCOLS, arrange
from dcgan_tf.evaluation.linear_probe.rows import (
    Representation,
    represent_by_discriminator,
    represent_by_generator,
    represent_by_pixels,
)
from dcgan_tf.evaluation.linear_probe.supervised import probe_supervised
from dcgan_tf.evaluation.real_images import RealImages
from dcgan_tf.evaluation.settings import Report, Settings
from dcgan_tf.evaluation.subject import Subject
from dcgan_tf.models.discriminator import build_discriminator


def probe_subject(
    subject: Subject,
    settings: Settings,
    real: RealImages,
    place: Path,
    report: Report,
) -> dict:
    """Probes a subject by a protocol and draws accuracy against labels.

    Args:
        subject: Unconditional.
        settings: Names the protocol.
        real: The dataset, with classes.
        place: Start of the figure's name.
        report: Takes lines on what is being done.

    Returns:
        The `protocol`, and `probe`, a list of results.

    Raises:
        ValueError: If the protocol is for another dataset, or images have
            no classes.
    """
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
    results: list[ProbeResult] = []
    for name, compute in _list_rows(subject, settings, real, report).items():
        results += probe_features(
            name, compute, arranged, protocol, settings.seed, report
        )
    results += probe_supervised(
        subject.config.model, arranged, protocol, settings.seed, report
    )
    figures.draw_probe(f"{place}-{protocol.name}.png", results, subject)
    return {
        "protocol": dataclasses.asdict(protocol),
        "probe": [dataclasses.asdict(result) for result in results],
    }


def _list_rows(subject, settings, real, report) -> dict[str, Representation]:
    config = subject.config
    # What this run's D was before its first step.
    untrained = build_discriminator(config.model, seed=config.training.seed)
    rows = {
        "D": subject.build_features(real.training),
        "raw pixels": represent_by_pixels,
        "untrained D": represent_by_discriminator(untrained, real.training),
    }
    if subject.generator is not None:
        report("training the encoder from images to latents")
        encoder = train_encoder(
            subject.generator, config.model, seed=settings.seed, report=report
        )
        rows["G at the recovered latent"] = represent_by_generator(
            subject.generator, encoder
        )
    return rows
