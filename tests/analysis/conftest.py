"""A tiny run of toy faces and a generator that is linear by construction."""

import dataclasses

import keras
import numpy as np
import pytest

from dcgan_tf import images
from dcgan_tf.analysis.subject import Subject, load_subject
from dcgan_tf.data import embedded
from dcgan_tf.data.toy_faces import ATTRIBUTE_NAMES
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.runs import checkpoints, folder, sample_grids
from dcgan_tf.training.state import build_training_state


@pytest.fixture(scope="session")
def toy_run(tmp_path_factory):
    """An untrained run of 32x32 toy faces with a sample grid."""
    run_dir = tmp_path_factory.mktemp("analysis") / "faces"
    config = resolve_run_config(
        dict(dataset="toy_faces", base_filters=4, latent_dim=6, batch_size=8)
    )
    folder.make_run_dir(run_dir)
    folder.save_run_config(run_dir, config)
    state = build_training_state(config, "float32")
    checkpoints.save(run_dir, state.trackables(), 3, keep=1)
    grid = np.full((70, 70, 3), 200, np.uint8)
    for step in (1, 3):
        images.save_png(sample_grids.sample_path(run_dir, step), grid)
    sample_grids.save_samples_gif(run_dir)
    return run_dir


@pytest.fixture
def few_faces(monkeypatch):
    """Makes toy_faces small, so that a test doesn't draw thousands."""
    monkeypatch.setattr(
        embedded, "_TOY_FACES", {"train": (300, 0), "test": (50, 1)}
    )


@pytest.fixture(scope="session")
def subject(toy_run):
    return load_subject(toy_run)


class LinearJudge:
    """Reads attribute i off pixel i: bright is yes."""

    def judge(self, pictures):
        levels = pictures[:, 0, : len(ATTRIBUTE_NAMES), 0].astype(np.float32)
        return (levels - 127.5) / 2


@pytest.fixture(scope="session")
def linear_subject(subject):
    """Its G shows a latent's numbers as pixels, side by side."""
    latent_dim = 20
    generator = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            keras.layers.Rescaling(0.3),
            keras.layers.Reshape((1, latent_dim, 1)),
        ]
    )
    model = dataclasses.replace(subject.config.model, latent_dim=latent_dim)
    config = dataclasses.replace(subject.config, model=model)
    return Subject("linear", config, 1, generator, subject.discriminator)
