"""Runs as training leaves them, tiny and untrained, for tests."""

import dataclasses
from pathlib import Path

import numpy as np
from PIL import Image

from dcgan_tf.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.folder import make_run_dir, save_run_config
from dcgan_tf.training.state import build_training_state

MODEL = ModelConfig((16, 16), 3, latent_dim=5, base_filters=4, kernel_size=3)
NUM_PICTURES = 12


def make_pictures(folder: Path, count: int = NUM_PICTURES) -> Path:
    """Writes noisy RGB pictures, brighter the later; returns the folder."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for index in range(count):
        pixels = rng.integers(0, 100 + 10 * index, (20, 30, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:02d}.png")
    return folder


def make_run(
    run_dir: Path, pictures: Path, model: ModelConfig = MODEL, steps=(1,)
) -> Path:
    """Writes a run with a checkpoint of new networks at each of `steps`."""
    config = RunConfig(
        model,
        DataConfig("image_folder", image_dir=str(pictures)),
        TrainingConfig(batch_size=4, precision="float32"),
    )
    make_run_dir(run_dir)
    save_run_config(run_dir, config)
    for step in steps:
        seeded = dataclasses.replace(
            config, training=dataclasses.replace(config.training, seed=step)
        )
        state = build_training_state(seeded, "float32")
        checkpoints.save(run_dir, state.trackables(), step, keep=len(steps))
    return run_dir
