"""The families of networks: the settings of each, and their defaults.

DCGAN answers to two systems: the fully connected GAN (Goodfellow et al.,
2014, arXiv 1406.2661) and the Laplacian pyramid of GANs (Denton et al., 2015,
arXiv 1506.05751). Their networks are in `models`, how each is trained in
`training.families`. This file imports no TensorFlow, so that a command can
refuse a flag before anything slow happens.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from dcgan_tf.image_sizes import count_scales

ADAM, SGD = "adam", "sgd"
OPTIMIZERS = (ADAM, SGD)
# D's maxout units of five pieces beside G's units (goodfeli/adversarial:
# 240 to 1200, and 1600 to 8000).
MAXOUT_PIECES = 5


@dataclasses.dataclass(frozen=True)
class Family:
    """What is known of a family without building its networks.

    Attributes:
        optimizers: Those it trains with, its paper's first.
        unused: Settings without a meaning to it, and why.
        choose_defaults: From `(image_size, channels)` to its paper's
            settings, where a flag doesn't say.
        features_refusal: Why its D has no pooled features; None if it has.
        count_planes: From an image size to the numbers of a latent that are
            planes of noise rather than a vector; None for no planes.
    """

    optimizers: tuple[str, ...]
    unused: Mapping[str, str]
    choose_defaults: Callable[[tuple[int, int], int], dict[str, Any]]
    features_refusal: str | None = None
    count_planes: Callable[[tuple[int, int]], int] | None = None


_NO_CONVOLUTIONS = "its layers are fully connected"
_NO_PRESET = "presets are DCGAN's networks"
_NO_BATCH_NORM = "its networks have none"
_OWN_DISCRIMINATOR = dict.fromkeys(
    (
        "spectral_norm",
        "discriminator_batch_norm",
        "r1_weight",
        "r2_weight",
        "penalty_every",
    ),  # fmt: skip
    "its D is its paper's; these are choices for DCGAN's",
)


def _choose_gan_defaults(
    image_size: tuple[int, int], channels: int
) -> dict[str, Any]:
    """Returns goodfeli/adversarial's settings: MNIST's, or CIFAR-10's."""
    return {
        "latent_dim": 100,
        "hidden_units": 1_200 if channels == 1 else 8_000,
        "batch_size": 100,
        "learning_rate": 0.1 if channels == 1 else 0.025,
        "weight_decay": 0.0,
    }


def count_pyramid_planes(image_size: tuple[int, int]) -> int:
    """Counts a pyramid's noise: a number a pixel of all but the coarsest.

    Args:
        image_size: `(height, width)` of the finest level.

    Returns:
        How many of a latent's numbers are the finer levels' planes.
    """
    height, width = image_size
    return sum(
        (height >> level) * (width >> level)
        for level in range(count_scales(min(image_size)))
    )


def _choose_lapgan_defaults(
    image_size: tuple[int, int], channels: int
) -> dict[str, Any]:
    """Returns facebookarchive/eyescream's settings, its small coarse form."""
    return {
        "latent_dim": 100 + count_pyramid_planes(image_size),
        "hidden_units": 600,
        "base_filters": 128,
        "batch_size": 128,
        "learning_rate": 0.01,
        "weight_decay": 0.0,
    }


FAMILIES: dict[str, Family] = {
    "dcgan": Family(
        (ADAM,),
        {"hidden_units": "it has no hidden dense layers"},
        lambda image_size, channels: {},
    ),
    "gan": Family(
        (SGD, ADAM),
        {
            "preset": _NO_PRESET,
            "base_filters": _NO_CONVOLUTIONS,
            "kernel_size": _NO_CONVOLUTIONS,
            "convs_per_scale": _NO_CONVOLUTIONS,
            "batch_norm": _NO_BATCH_NORM,
            **_OWN_DISCRIMINATOR,
        },
        _choose_gan_defaults,
        features_refusal="a gan's discriminator is fully connected and has no "
        "maps to pool into features; train a dcgan for them",
    ),
    "lapgan": Family(
        (SGD, ADAM),
        {
            "preset": _NO_PRESET,
            "kernel_size": "its kernels are 7x7 and 5x5, as published",
            "convs_per_scale": "each of its levels has the published layers",
            "batch_norm": _NO_BATCH_NORM,
            **_OWN_DISCRIMINATOR,
        },
        _choose_lapgan_defaults,
        features_refusal="a lapgan's discriminator is one network a level and "
        "sees no image as a whole, so it has no features; train a dcgan for "
        "them",
        count_planes=count_pyramid_planes,
    ),
}


def check_family(name: str) -> None:
    """Raises a `ValueError` for a name that is no family's."""
    if not isinstance(name, str) or name not in FAMILIES:
        raise ValueError(
            f"family is {name!r}; use one of {', '.join(FAMILIES)}"
        )


def check_settings(name: str, given: Mapping[str, Any]) -> None:
    """Refuses settings that mean nothing to a family.

    Args:
        name: The family's.
        given: Settings by name, as a user gave them.

    Raises:
        ValueError: Which names the first of them, and why.
    """
    check_family(name)
    for setting, reason in FAMILIES[name].unused.items():
        if setting in given:
            raise ValueError(
                f"{setting} {given[setting]!r} means nothing to the family "
                f"{name}: {reason}; leave it out"
            )
    optimizer = given.get("optimizer", FAMILIES[name].optimizers[0])
    check_optimizer(name, optimizer)
    if optimizer != ADAM and "beta_1" in given:
        raise ValueError(
            f"beta_1 {given['beta_1']!r} is Adam's, and the family {name} "
            f"trains with {optimizer} unless optimizer is {ADAM!r}"
        )


def check_unchanged(name: str, config: Any) -> None:
    """Refuses settings that mean nothing to a family and aren't the default.

    Args:
        name: The family's.
        config: A dataclass of settings.
    """
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        reason = FAMILIES[name].unused.get(field.name)
        if reason and value != field.default:
            raise ValueError(
                f"{field.name} {value!r} means nothing to the family {name}: "
                f"{reason}; leave it {field.default!r}"
            )


def check_optimizer(name: str, optimizer: str) -> None:
    """Refuses an optimizer that a family doesn't train with."""
    if optimizer not in FAMILIES[name].optimizers:
        raise ValueError(
            f"optimizer is {optimizer!r}; the family {name} trains with "
            f"{' or '.join(FAMILIES[name].optimizers)}"
        )


def check_latent_dim(
    name: str, latent_dim: int, image_size: tuple[int, int]
) -> None:
    """Refuses latents that are too short for a family's planes of noise."""
    count_planes = FAMILIES[name].count_planes
    planes = count_planes(image_size) if count_planes else 0
    if latent_dim <= planes:
        raise ValueError(
            f"latent_dim is {latent_dim}; it must be at least {planes + 1}"
            + (
                f": {planes} numbers are the finer levels' planes of noise, "
                "and what is left is the coarsest level's (100 in the paper)"
                if planes
                else ""
            )
        )
