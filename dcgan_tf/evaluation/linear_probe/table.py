"""A trained model's features probed beside what they are compared to."""

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
from dcgan_tf.evaluation.settings import Log
from dcgan_tf.runs.trained_model import TrainedModel, load_start


def probe_model(
    model: TrainedModel,
    protocol_name: str,
    real: RealImages,
    prefix: Path,
    *,
    seed: int = 0,
    log: Log = lambda message: None,
) -> dict:
    """Probes a model by a protocol and draws accuracy against labels.

    Args:
        model: Unconditional.
        protocol_name: Of `PROTOCOLS`.
        real: Labelled images, of classes. They need not be those that the
            model was trained on.
        prefix: Start of the figure's name.
        seed: Of draws, the encoder and the supervised network.
        log: Takes lines on what is being done.

    Returns:
        The `protocol`, and `probe`, a list of results.

    Raises:
        ValueError: If the model is conditional, the protocol is for another
            dataset, or images have no classes.
    """
    protocol = PROTOCOLS[protocol_name]
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
        seed,
    )
    results: list[ProbeResult] = []
    for name, compute in list_representations(model, seed, log).items():
        results += probe_features(name, compute, arranged, protocol, seed, log)
    results += probe_supervised(
        model.config.model, arranged, protocol, seed, log
    )
    figures.draw_probe(f"{prefix}-{protocol.name}.png", results, model)
    return {
        "protocol": dataclasses.asdict(protocol),
        "probe": [dataclasses.asdict(result) for result in results],
    }


def list_representations(
    model: TrainedModel, seed: int, log: Log
) -> dict[str, Representation]:
    """Lists what a probe compares, by the names that its table has.

    D; raw pixels; D before training, which has random weights, or, for a run
    that started from another one's networks, those; and G's activations.

    Raises:
        ValueError: If the model is conditional.
    """
    if model.config.model.num_classes:
        raise ValueError(
            "a conditional discriminator needs a label to see an image, so "
            "it has no features of images alone; train without labels"
        )
    rows = {"D": model.compute_features, "raw pixels": represent_by_pixels}
    if model.config.training.init_from:
        start = load_start(model, log)
        if start is not None:
            rows["D at the start"] = start.compute_features
    rows[model.random_discriminator_name] = represent_by_discriminator(
        model.build_random_discriminator()
    )
    if model.generator is not None:
        log("training the encoder from images to latents")
        encoder = train_encoder(
            model.generator, model.config.model, seed=seed, log=log
        )
        rows["G at the recovered latent"] = represent_by_generator(
            model.generator, encoder
        )
    return rows
