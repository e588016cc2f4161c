"""The project's networks in PyTorch, laid out channels-last."""

import torch
from torch import nn

from dcgan_tf.config import ModelConfig


def build_networks(config: ModelConfig) -> tuple[nn.Module, nn.Module]:
    """Returns a generator of latents `(batch, dim, 1, 1)`, a discriminator.

    As in PyTorch's example, the projection and the logit are convolutions
    of the smallest map's size.
    """
    size = config.kernel_size
    filters = [config.channels, *(count for count, _ in config.convolutions)]
    strides = [stride for _, stride in config.convolutions]
    generator = [
        nn.ConvTranspose2d(
            config.latent_dim, filters[-1], config.start_size, bias=False
        ),
        nn.BatchNorm2d(filters[-1]),
        nn.ReLU(True),
    ]
    discriminator = []
    for index, stride in enumerate(strides):
        small, large = filters[index + 1], filters[index]
        shape = dict(stride=stride, padding=size // 2, bias=False)
        discriminator.append(nn.Conv2d(large, small, size, **shape))
        if index:
            discriminator.append(nn.BatchNorm2d(small))
        discriminator.append(nn.LeakyReLU(0.2, True))
    for index in reversed(range(len(strides))):
        stride = strides[index]
        generator.append(
            nn.ConvTranspose2d(
                filters[index + 1],
                filters[index],
                size,
                stride,
                padding=size // 2,
                output_padding=stride - 1,
                bias=False,
            )
        )
        if index:
            generator += [nn.BatchNorm2d(filters[index]), nn.ReLU(True)]
    generator.append(nn.Tanh())
    discriminator.append(
        nn.Conv2d(filters[-1], 1, config.start_size, bias=False)
    )
    networks = nn.Sequential(*generator), nn.Sequential(*discriminator)
    for network in networks:
        network.apply(_initialize)
    return tuple(n.to(memory_format=torch.channels_last) for n in networks)


def _initialize(module: nn.Module) -> None:
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
