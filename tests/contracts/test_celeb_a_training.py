"""The whole way: CelebA's files, TFDS's preparation, two steps of training."""

import csv
import sys

import pytest
from fixtures.celeb_a_files import write_celeb_a

from dcgan_tf.cli import train
from dcgan_tf.images import load_png


@pytest.mark.slow
@pytest.mark.usefixtures("cache_home")
def test_trains_on_files_given_by_hand(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["train.py"])
    write_celeb_a(tmp_path / "manual")
    code = train.main(
        [
            "--dataset=celeb_a",
            f"--data_dir={tmp_path / 'data'}",
            f"--manual_dir={tmp_path / 'manual'}",
            f"--run_dir={tmp_path / 'run'}",
            "--image_size=16",
            "--base_filters=4",
            "--latent_dim=4",
            "--batch_size=8",
            "--strategy=one_device",
            "--precision=float32",
            "--steps=2",
            "--report_every=1",
            "--sample_every=2",
        ]
    )
    assert code == 0
    assert (tmp_path / "data" / "celeb_a").is_dir()
    with open(tmp_path / "run" / "metrics.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == 2
    (sample,) = (tmp_path / "run" / "samples").glob("step-*2.png")
    assert load_png(sample).shape[-1] == 3
