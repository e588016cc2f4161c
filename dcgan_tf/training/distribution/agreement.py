"""Describes a worker's part of a run, so that all can be compared."""

import dataclasses

import tensorflow as tf

from dcgan_tf.config import PATH_SETTINGS, DataConfig, RunConfig
from dcgan_tf.data.source import Source
from dcgan_tf.training.distribution.workers import num_workers

# Where a worker finds and keeps its images is its own business.
_OWN_DATA_SETTINGS = (*PATH_SETTINGS, "cache")


def describe_work(
    config: RunConfig,
    source: Source,
    start: int,
    precision: str,
    strategy: tf.distribute.Strategy,
) -> dict[str, object]:
    """Describes one worker's part, for `workers.check_agreement`.

    Args:
        config: The run's settings.
        source: The images that this worker reads its share of.
        start: The checkpoint's step.
        precision: The Keras dtype policy.
        strategy: Nothing slow is done where it has a single worker.
    """
    if num_workers(strategy) == 1:
        return {}
    data = {
        field.name: getattr(config.data, field.name)
        for field in dataclasses.fields(DataConfig)
        if field.name not in _OWN_DATA_SETTINGS
    }
    described = {
        "the checkpoint's step": start,
        "the number of images": source.num_examples,
        # Batches are shares of one order.
        "the images' order": source.digest_names(),
        "the networks": config.model,
        "data settings": data,
        "the labels": source.digest_labels(),
        "training settings": dataclasses.replace(
            config.training, init_from=None
        ),
        "precision": precision,
    }
    if source.fingerprint_images is not None:
        described["the images"] = source.fingerprint_images().digest
    return described
