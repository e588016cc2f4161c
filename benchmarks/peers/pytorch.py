"""The step as PyTorch's DCGAN example writes it.

D is updated on real and on generated images, two backward passes; then the
generated images pass the new D again for G's update. Channels-last memory
and autocast are PyTorch's own advice for CPUs and GPUs.
"""

import torch
from torch import nn

from peers import batches
from peers.torch_networks import build_networks

_DTYPES = {"mixed_bfloat16": torch.bfloat16, "mixed_float16": torch.float16}


def build(model: dict, batch_size: int, precision: str):
    """Returns a function that trains a number of steps."""
    config = batches.make_config(model)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    generator, discriminator = (
        network.to(device) for network in build_networks(config)
    )
    g_optimizer, d_optimizer = (
        torch.optim.Adam(
            network.parameters(),
            batches.LEARNING_RATE,
            (batches.BETA_1, 0.999),
        )
        for network in (generator, discriminator)
    )
    # With logits, since autocast refuses the example's plain one.
    criterion = nn.BCEWithLogitsLoss()
    images = torch.from_numpy(batches.draw_images(config, batch_size))
    images = images.permute(0, 3, 1, 2).to(
        device, memory_format=torch.channels_last
    )
    real_label = torch.ones(batch_size, device=device)
    fake_label = torch.zeros(batch_size, device=device)
    dtype = _DTYPES.get(precision)
    autocast = torch.autocast(
        device, dtype or torch.bfloat16, enabled=dtype is not None
    )
    scaler = torch.amp.GradScaler(device, enabled=dtype == torch.float16)

    def judge(images, label):
        with autocast:
            logits = discriminator(images).view(-1)
        return criterion(logits.float(), label)

    def train_step() -> float:
        discriminator.zero_grad()
        scaler.scale(judge(images, real_label)).backward()
        noise = torch.randn(batch_size, config.latent_dim, 1, 1, device=device)
        with autocast:
            fakes = generator(noise)
        scaler.scale(judge(fakes.detach(), fake_label)).backward()
        scaler.step(d_optimizer)

        generator.zero_grad()
        g_loss = judge(fakes, real_label)
        scaler.scale(g_loss).backward()
        scaler.step(g_optimizer)
        scaler.update()
        return g_loss.item()

    def run(num_steps: int) -> None:
        for _ in range(num_steps):
            train_step()

    return run
