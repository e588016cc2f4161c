"""What help says of defaults is what a run gets."""

import re

import pytest
from absl import flags

from dcgan_tf.cli.defaults import describe_default
from dcgan_tf.cli.train import define_flags
from dcgan_tf.families import FAMILIES
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.recipes import RECIPES

# From the size of a batch.
_COMPUTED = {"eval_every"}


def list_resolved(settings):
    """Returns a run's settings that are flags of `train`, by name."""
    values = flags.FlagValues()
    define_flags(values)
    config = resolve_run_config(settings)
    resolved = {**vars(config.model), **vars(config.training)}
    unused = FAMILIES[config.model.family].unused
    return {
        name: value
        for name, value in resolved.items()
        if name in values and name not in unused and name not in _COMPUTED
    }


def spell(value):
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return str(value[0])  # Each preset's images are square.
    return f"{value:g}" if isinstance(value, float) else str(value)


DATA = {
    "mnist_5k": {},
    "celeb_a": {"dataset": "celeb_a"},
    "image_folder": {"image_dir": "pictures"},
}
CHOICES = {
    **{f"recipe {name}": {"recipe": name} for name in RECIPES},
    **{f"family {name}": {"family": name} for name in FAMILIES},
    "gan of grey images": {"family": "gan", "channels": 1},
    "gan of RGB images": {"family": "gan", "channels": 3},
    "gan with adam": {"family": "gan", "optimizer": "adam"},
    "lapgan with adam": {"family": "lapgan", "optimizer": "adam"},
}


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize("data", DATA.values(), ids=DATA)
def test_help_has_what_a_run_gets(data, choice):
    resolved = list_resolved({**data, **choice})
    assert {"learning_rate", "batch_size", "latent_dim"} <= set(resolved)
    wrong = {}
    for name, value in resolved.items():
        if name in choice:
            continue
        text = describe_default(name)
        found = rf"(?<![\w.]){re.escape(spell(value))}(?![\w.])"
        if not re.search(found, text):
            wrong[name] = (value, text)
    assert not wrong


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hidden_units", "1200 for grey images and 8000 for RGB ones in gan; "
         "600 in lapgan"),
        ("optimizer", "adam for dcgan; sgd for gan, lapgan"),
        ("r1_weight", "the recipe's: 0 in paper; 0.1 in small"),
        ("weight_decay", "the dataset's: 2.5e-05 for mnist_5k; 0 for "
         "image_folder, celeb_a; or the family's: 0 in gan, lapgan"),
        ("seed", "0"),
        ("beta_1", "0.5, the paper's"),
    ],
)  # fmt: skip
def test_a_default_reads_well(name, text):
    assert describe_default(name) == text


def test_a_flag_that_there_is_not_has_no_default():
    with pytest.raises(ValueError, match="'colour'"):
        describe_default("colour")
