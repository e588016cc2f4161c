"""The exported generator, loaded as any TensorFlow program would."""

import tempfile

import tensorflow as tf

from dcgan_tf.models.generator import build_generator
from dcgan_tf.serving.saved_model import save_generator
from peers import batches


def build(model: dict, batch_size: int):
    """Returns a function that generates a number of batches."""
    config = batches.make_config(model)
    with tempfile.TemporaryDirectory() as path:
        save_generator(build_generator(config), config, path)
        loaded = tf.saved_model.load(path)
    generate = loaded.signatures["serving_default"]
    latents = tf.random.stateless_uniform(
        (batch_size, config.latent_dim), (0, 0), -1.0, 1.0
    )

    def run(num_batches: int) -> None:
        for _ in range(num_batches):
            # A signature dies with the model that it was loaded from.
            assert loaded
            generate(latents=latents)["images"].numpy()

    return run
