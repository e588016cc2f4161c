"""The labelled images of a probe: a run's own, or any others."""

import dataclasses

import numpy as np

from dcgan_tf.config import DataConfig, ModelConfig
from dcgan_tf.data.held_out import (
    AUTO,
    LARGE,
    LEAST_COUNT,
    NONE,
    NothingHeldOutError,
)
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.pipeline import load_images
from dcgan_tf.data.source import Source
from dcgan_tf.evaluation.linear_probe.protocols import (
    ProbeData,
    Protocol,
    arrange,
    hold_out,
)
from dcgan_tf.evaluation.real_images import (
    MAX_TRAINING_IMAGES,
    RealImages,
    load_real_images,
)
from dcgan_tf.images import to_float
from dcgan_tf.runs.discriminator_statistics import choose_batches

# Of training images and of others to test on; None for those that settings
# name.
Sources = tuple[Source | None, Source | None]


def load_probe_images(
    model: ModelConfig,
    data: DataConfig,
    protocol: Protocol,
    split: str,
    seed: int,
    sources: Sources = (None, None),
) -> RealImages:
    """Loads labelled images, brought to a model's size and channels.

    Args:
        model: Its size and channels.
        data: What to probe on.
        protocol: Says how many training images stand in for a test set.
        split: `test`, or `validation` for those; then the test set isn't
            read.
        seed: Decides which they are.
        sources: Training and test images, those that are open already.

    Returns:
        Training images, and those that accuracies are of.

    Raises:
        ValueError: If the dataset has nothing held out.
        OSError: If it isn't there.
    """
    source, test_source = sources
    are_others_given = test_source is not None or data.held_out_dir is not None
    if are_others_given and data.hold_out in (AUTO, LARGE):
        # No rule need hold out any, as in training.
        data = dataclasses.replace(data, hold_out=NONE)
    if split == "test":
        if source and not are_others_given:
            raise ValueError(
                "a probe on arrays takes others to test it on: give some as "
                "probe_held_out, or probe_split='validation'"
            )
        try:
            return load_real_images(model, data, source, test_source)
        except NothingHeldOutError:
            raise ValueError(
                f"{data.image_dir} has fewer than {LEAST_COUNT} images, of "
                "which none are held out to test on; give more, or folders "
                "train and test"
            ) from None
    source = source or load_source(data)
    images, labels = load_images(source, model, data, MAX_TRAINING_IMAGES)
    training = RealImages(
        training=images,
        training_labels=labels,
        held_out=images[:0],
        held_out_labels=None if labels is None else labels[:0],
        class_names=source.label_names,
        dataset=source.name,
        held_out_split="",
        training_split=source.split,
    )
    return hold_out_validation(protocol, training, seed)


def hold_out_validation(
    protocol: Protocol, real: RealImages, seed: int
) -> RealImages:
    """Has training images stand in for the test set, which is left out.

    Raises:
        ValueError: If that would take all of them.
    """
    count = len(real.training)
    training, held_out = hold_out(protocol, count, seed)
    if not len(training):
        raise ValueError(
            f"{count} training images of {real.dataset}; {protocol.name} "
            f"holds out {len(held_out)} of them as a stand-in for the test set"
        )

    def take(positions):
        labels = real.training_labels
        labels = None if labels is None else labels[positions]
        return real.training[positions], labels

    (images, labels), (held_images, held_labels) = map(
        take, (training, held_out)
    )
    return dataclasses.replace(
        real,
        training=images,
        training_labels=labels,
        held_out=held_images,
        held_out_labels=held_labels,
        held_out_split=f"held out of {real.training_split}",
    )


def arrange_images(
    protocol: Protocol, real: RealImages, seed: int
) -> ProbeData:
    """Arranges images for a protocol; see `arrange`.

    Raises:
        ValueError: If either side has no classes, or too few images.
    """
    if real.training_labels is not None and real.held_out_labels is None:
        raise ValueError(
            f"the {real.held_out_split!r} images of {real.dataset} are not all "
            f"of the classes of its {real.training_split!r} images; leave "
            "others out, or name their folders alike"
        )
    try:
        return arrange(
            protocol,
            real.training,
            real.training_labels,
            real.held_out,
            real.held_out_labels,
            seed,
            real.class_names,
        )
    except ValueError as error:
        raise ValueError(f"{real.dataset}: {error}") from None


def batch_training_images(data: ProbeData) -> list[np.ndarray]:
    """Takes a probe's first 1,024 training images, which are a fair sample.

    D's batch-norm statistics are measured on these, as the authors measured
    them on theirs (Newmu/dcgan_code, svhn/svhn_semisup_analysis.py).

    Returns:
        float32 `(batch, height, width, channels)` in `[-1, 1]`, as
        `choose_batches` has them of a run's own images.
    """
    num_batches, size = choose_batches(len(data.images))
    return [
        to_float(data.images[index * size : (index + 1) * size]).numpy()
        for index in range(num_batches)
    ]
