"""The exported generator as a LiteRT file, as a phone would run it."""

import numpy as np

from dcgan_tf.serving.lite.checks import LiteNetwork


def build(path: str, num_threads: int):
    """Returns a function that generates a number of images, one by one."""
    network = LiteNetwork(path, num_threads)
    shape = network.input_shapes["latents"]
    latents = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)

    def run(num_images: int) -> None:
        for _ in range(num_images):
            network.run(latents=latents)

    return run
