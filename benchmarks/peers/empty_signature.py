"""A SavedModel that computes nothing: what a call itself takes."""

import tempfile

import tensorflow as tf

from peers import batches


def build(model: dict, batch_size: int):
    """Returns a function that calls it a number of times."""
    config = batches.make_config(model)
    spec = tf.TensorSpec((None, config.latent_dim), tf.float32, "latents")
    module = tf.Module()
    module.call = tf.function(
        lambda latents: {"images": tf.identity(latents)}, (spec,)
    )
    with tempfile.TemporaryDirectory() as path:
        tf.saved_model.save(module, path, module.call)
        loaded = tf.saved_model.load(path)
    generate = loaded.signatures["serving_default"]
    latents = tf.zeros((batch_size, config.latent_dim))

    def run(num_batches: int) -> None:
        for _ in range(num_batches):
            # A signature dies with the model that it was loaded from.
            assert loaded
            generate(latents=latents)["images"].numpy()

    return run
