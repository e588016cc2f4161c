"""The choices of a recipe that are compared, as settings of `train`."""

from dcgan_tf.recipes import PAPER, SMALL

# Settings of each choice; docs/recipes.md has where they come from.
CHOICES = {
    PAPER: {},
    "spectral norm": {
        "spectral_norm": True, "discriminator_batch_norm": False,
    },
    "R1": {"r1_weight": 0.1},
    "hinge": {"loss": "hinge"},
    "two rates": {
        "learning_rate": 1e-4, "discriminator_learning_rate": 4e-4,
    },
    "adapted augmentation": {"diff_augment": True, "diff_augment_target": 0.6},
    "flips": {"flip": True},
    "longer averages": {"ema_decay": 0.9995, "ema_warmup": 4.0},
    "relativistic, R1 and R2": {
        "loss": "relativistic", "r1_weight": 0.1, "r2_weight": 0.1,
    },
    # Beyond the eight that are screened.
    "augmentation": {"diff_augment": True},
    "R1 of 1": {"r1_weight": 1.0},
    "spectral norm, R1, hinge": {
        "spectral_norm": True, "discriminator_batch_norm": False,
        "r1_weight": 0.1, "loss": "hinge",
    },
    "alternating": {"updates": "alternating"},
    SMALL: {"recipe": SMALL},
    "R1, no batch norm in D": {
        "r1_weight": 0.1, "discriminator_batch_norm": False,
    },
    "R1, no batch norm in D, flips": {
        "r1_weight": 0.1, "discriminator_batch_norm": False, "flip": True,
    },
    "R1 of 0.02, no batch norm in D": {
        "r1_weight": 0.02, "discriminator_batch_norm": False,
    },
    "relativistic, R1 and R2, no batch norm in D": {
        "loss": "relativistic", "r1_weight": 0.1, "r2_weight": 0.1,
        "discriminator_batch_norm": False,
    },
    "all together": {
        "spectral_norm": True, "discriminator_batch_norm": False,
        "loss": "hinge", "r1_weight": 0.1, "diff_augment": True,
        "diff_augment_target": 0.6, "ema_decay": 0.9995, "ema_warmup": 4.0,
    },
}  # fmt: skip
SCREENED = tuple(CHOICES)[:9]
_DATA_FLAGS = (
    "dataset", "image_dir", "held_out_dir", "data_dir", "manual_dir", "crop",
    "channels",
)  # fmt: skip


def make_settings(values, name: str) -> dict:
    """Returns a choice's settings of training, the comparison's included."""
    given = {key: getattr(values, key) for key in _DATA_FLAGS}
    side = values.image_size
    return {
        "recipe": PAPER,
        **{key: value for key, value in given.items() if value is not None},
        "image_size": (side, side),
        "base_filters": values.base_filters,
        "batch_size": values.batch_size,
        **CHOICES[name],
    }


def format_flags(settings: dict) -> list[str]:
    """Returns settings as flags of `train`."""
    flags = []
    for name, value in settings.items():
        if isinstance(value, bool):
            flags.append(f"--{'' if value else 'no'}{name}")
        elif isinstance(value, tuple):
            flags.append(f"--{name}={'x'.join(map(str, value))}")
        else:
            flags.append(f"--{name}={value}")
    return flags
