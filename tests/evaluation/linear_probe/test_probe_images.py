"""D's statistics are of as many of a probe's images as of a run's own."""

import numpy as np
import pytest

from dcgan_tf.config import DataConfig
from dcgan_tf.data.given.arrays import open_arrays
from dcgan_tf.evaluation.linear_probe.probe_images import batch_training_images
from dcgan_tf.evaluation.linear_probe.protocols import PROTOCOLS, arrange
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.runs.discriminator_statistics import load_real_batches


@pytest.mark.parametrize(
    ("count", "num_batches", "batch_size"),
    [(5, 1, 5), (128, 1, 128), (129, 2, 64), (200, 2, 100), (1_500, 8, 128)],
)
def test_batches_leave_out_no_more_than_they_must(
    count, num_batches, batch_size
):
    images = np.zeros((count, 16, 16, 1), np.uint8)
    labels = np.arange(count) % 2
    protocol = PROTOCOLS["few_labels"]
    data = arrange(protocol, images, labels, images, labels, seed=0)
    config = resolve_run_config(
        {"dataset": "arrays", "image_size": (16, 16), "channels": 1}
    )
    own = load_real_batches(
        config, DataConfig("arrays"), pytest.fail, open_arrays(images)
    )
    for batches in (batch_training_images(data), own):
        shapes = [batch.shape for batch in batches]
        assert shapes == [(batch_size, 16, 16, 1)] * num_batches
