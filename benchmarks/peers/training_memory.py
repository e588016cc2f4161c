"""Training of a tiny network on a folder of images, for its memory."""

from collections.abc import Sequence

import tensorflow as tf

from dcgan_tf.data.open_source import load_source
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.training.batches import distribute_data
from dcgan_tf.training.state import build_training_state
from dcgan_tf.training.step import GradientTapeStep


def build(image_dir: str, cache: str, image_size: Sequence[int]):
    """Returns a function that trains a number of steps."""
    config = resolve_run_config(
        {
            "image_dir": image_dir,
            "cache": cache,
            "image_size": tuple(image_size),
            "base_filters": 4,
        }
    )
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    with strategy.scope():
        state = build_training_state(config, "float32")
    step = GradientTapeStep(state, config, strategy)
    source = load_source(config.data)
    batches = iter(distribute_data(config, source, strategy, start_step=0))

    def run(num_steps: int) -> None:
        for _ in range(num_steps):
            step.train_step(next(batches))

    return run
