"""Recipes: one name for a set of choices, each a setting of its own.

`paper` is DCGAN's paper with this project's averages and batch-norm
statistics. `small` is for collections of some hundreds or thousands of
images, whose samples get worse by the paper's; folders have it by default.
Sources of each choice are in `docs/recipes.md`; `benchmarks/recipes.py`
measures each alone and all together. A run's `config.json` holds the choices,
not the recipe's name.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from dcgan_tf.config import ModelConfig, RunConfig, TrainingConfig

PAPER, SMALL, OWN = "paper", "small", "own"

# Of what was measured (docs/recipes.md), the one choice that is as good as the
# paper's recipe early on, and then gets better where that gets worse.
_SMALL = {"r1_weight": 0.1}


def _list_papers() -> dict[str, Any]:
    """Returns every choice as the paper has it, which are the defaults."""
    defaults = {
        field.name: field.default
        for config in (ModelConfig, TrainingConfig)
        for field in dataclasses.fields(config)
    }
    return {name: defaults[name] for name in CHOICES}


# What a recipe may choose.
CHOICES = (
    "spectral_norm", "discriminator_batch_norm", "loss", "updates",
    "discriminator_learning_rate", "r1_weight", "r2_weight", "penalty_every",
    "diff_augment", "diff_augment_target", "ema_decay", "ema_warmup",
)  # fmt: skip
RECIPES: dict[str, dict[str, Any]] = {
    PAPER: _list_papers(),
    SMALL: {**_list_papers(), **_SMALL},
}


def expand_recipe(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a recipe's settings, those that were given left out.

    Args:
        name: Of `RECIPES`.
        given: Settings by name, as a user gave them; they win.

    Raises:
        ValueError: If there is no such recipe.
    """
    if name not in RECIPES:
        raise ValueError(f"recipe is {name!r}; use one of {', '.join(RECIPES)}")
    return {k: v for k, v in RECIPES[name].items() if k not in given}


def list_choices(config: RunConfig) -> dict[str, Any]:
    """Returns a run's values of all that a recipe may choose."""
    values = {**vars(config.model), **vars(config.training)}
    return {name: values[name] for name in CHOICES}


def name_recipe(config: RunConfig) -> str:
    """Returns the recipe that a run's settings are, `own` if none's."""
    choices = list_choices(config)
    names = (name for name, recipe in RECIPES.items() if recipe == choices)
    return next(names, OWN)
