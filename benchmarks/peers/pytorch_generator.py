"""The same generator in PyTorch, in evaluation mode."""

import torch

from peers import batches
from peers.torch_networks import build_networks


def build(model: dict, batch_size: int, num_threads: int = 0):
    """Returns a function that generates a number of batches.

    Threads are as many as PyTorch likes where `num_threads` is 0.
    """
    if num_threads:
        torch.set_num_threads(num_threads)
    config = batches.make_config(model)
    generator = build_networks(config)[0].eval()
    latents = torch.rand(batch_size, config.latent_dim, 1, 1) * 2 - 1

    def run(num_batches: int) -> None:
        with torch.inference_mode():
            for _ in range(num_batches):
                generator(latents).numpy()

    return run
