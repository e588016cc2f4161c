"""Every dataset that the documentation names trains, from its name alone."""

import csv
import math
import sys

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from dcgan_tf.cli import train
from dcgan_tf.data.open_source import load_source
from dcgan_tf.images import load_png
from dcgan_tf.training.batches import distribute_data

# The side of what the networks see by default, and its channels.
DATASETS = {
    "mnist": (32, 1),
    "fashion_mnist": (32, 1),
    "cifar10": (32, 3),
    "svhn_cropped": (32, 3),
    "stl10": (64, 3),
    "oxford_flowers102": (64, 3),
    "imagenet_resized/32x32": (32, 3),
    "downsampled_imagenet/32x32": (32, 3),
    "lsun/bedroom": (64, 3),
    "lsun/church_outdoor": (64, 3),
    "celeb_a": (64, 3),
    "cats_vs_dogs": (64, 3),
}
# One of each size, and of the labels that the bundled data have not: none, and
# attributes. From a batch of these on, training knows no other difference.
TRAINED = ("downsampled_imagenet/32x32", "celeb_a")
TINY = (
    "--base_filters=2", "--latent_dim=2", "--batch_size=4",
    "--strategy=one_device", "--precision=float32", "--steps=2",
    "--report_every=1", "--sample_every=2",
)  # fmt: skip


@pytest.fixture(autouse=True)
def mock_data(cache_home, monkeypatch):
    """Random images of any dataset's shape, without a download."""
    monkeypatch.setattr(sys, "argv", ["train.py"])
    with tfds.testing.mock_data(num_examples=5):
        yield


@pytest.mark.parametrize("dataset", DATASETS)
def test_training_gets_batches(tmp_path, dataset):
    values = train.flags.FlagValues()
    train.define_flags(values)
    where = f"--data_dir={tmp_path / 'data'}"
    values(["train", f"--dataset={dataset}", where, *TINY])
    config = train.build_config(values)
    source = load_source(config.data)
    assert source.num_examples == 5
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    images = next(iter(distribute_data(config, source, strategy, 0))).numpy()
    side, channels = DATASETS[dataset]
    assert images.shape == (4, side, side, channels)
    assert images.dtype == np.float32 and np.abs(images).max() <= 1
    assert all(image.std() > 0.05 for image in images)


@pytest.mark.slow
@pytest.mark.parametrize("dataset", TRAINED)
def test_trains_two_steps(tmp_path, dataset):
    code = train.main(
        [
            *TINY,
            f"--dataset={dataset}",
            f"--data_dir={tmp_path / 'data'}",
            f"--run_dir={tmp_path / 'run'}",
        ]
    )
    assert code == 0
    with open(tmp_path / "run" / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [1, 2]
    losses = [float(row[name]) for row in rows for name in ("d_loss", "g_loss")]
    assert all(math.isfinite(loss) and loss > 0 for loss in losses)
    side, channels = DATASETS[dataset]
    (sample,) = (tmp_path / "run" / "samples").glob("step-*2.png")
    grid = load_png(sample)
    assert grid.shape == (8 * (side + 2) + 2, 8 * (side + 2) + 2, channels)
