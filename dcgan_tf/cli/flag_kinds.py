"""Kinds of flags that absl hasn't got: paths and seeds."""

import os

from absl import flags

from dcgan_tf.config import LARGEST_TRAINING_SEED
from dcgan_tf.given_path import expand_path
from dcgan_tf.seeds import LARGEST_SEED


class _PathParser(flags.ArgumentParser):
    """Has absl check and expand a path as it reads the flag."""

    syntactic_help = "a path"

    def parse(self, argument: str | os.PathLike) -> str:
        return expand_path(os.fspath(argument))

    def flag_type(self) -> str:
        return "path"


def define_path(
    name: str,
    default: str | None,
    help_text: str,
    flag_values: flags.FlagValues,
) -> None:
    """Defines a flag whose value is a path; see `expand_path`."""
    flags.DEFINE(
        _PathParser(),
        name,
        default,
        help_text,
        flag_values,
        flags.ArgumentSerializer(),
    )


def define_seed(
    default: int | None,
    help_text: str,
    flag_values: flags.FlagValues,
    is_of_training: bool = False,
) -> None:
    """Defines --seed, from 0 to what fits in 63 bits when it is used.

    Args:
        default: None where a default is chosen later.
        help_text: What it is of.
        flag_values: Where to define it.
        is_of_training: Whether a run is trained from it, not images drawn.
    """
    flags.DEFINE_integer(
        "seed",
        default,
        help_text,
        lower_bound=0,
        upper_bound=LARGEST_TRAINING_SEED if is_of_training else LARGEST_SEED,
        flag_values=flag_values,
    )
