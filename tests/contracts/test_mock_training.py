"""Every dataset that the documentation names trains, from its name alone."""

import csv
import math
import sys

import pytest
import tensorflow_datasets as tfds

from dcgan_tf.cli import train
from dcgan_tf.images import load_png

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


@pytest.mark.slow
@pytest.mark.usefixtures("cache_home")
@pytest.mark.parametrize("dataset", DATASETS)
def test_trains_two_steps(tmp_path, monkeypatch, dataset):
    monkeypatch.setattr(sys, "argv", ["train.py"])
    with tfds.testing.mock_data(num_examples=5):
        code = train.main(
            [
                f"--dataset={dataset}",
                f"--data_dir={tmp_path / 'data'}",
                f"--run_dir={tmp_path / 'run'}",
                "--base_filters=2",
                "--latent_dim=2",
                "--batch_size=4",
                "--strategy=one_device",
                "--precision=float32",
                "--steps=2",
                "--report_every=1",
                "--sample_every=2",
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
