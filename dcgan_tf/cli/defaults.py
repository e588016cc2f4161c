"""Describes each setting's default and where it comes from."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from absl import flags

from dcgan_tf.config import DataConfig, ModelConfig, TrainingConfig
from dcgan_tf.image_sizes import format_image_size
from dcgan_tf.presets import DATASETS, PRESETS, DatasetDefaults

# Radford et al. (2016), Section 4.
_PAPERS_VALUES = {"batch_size": 128, "learning_rate": 2e-4, "beta_1": 0.5}
# What one is most likely to train on; docs/datasets.md has all.
_SHOWN_DATASETS = ("mnist_5k", "image_folder", "celeb_a")
_IN_WORDS = {
    "dataset": "mnist_5k, or the folder of --image_dir",
    "image_dir": "none",
    "split": "train; of a folder, all but every 20th image or so, of one of "
    "fewer than 1,000 images every 10th",
    "held_out_dir": "none",
    "exclude": "none",
    "labels": "none, subfolders are the classes",
    "condition_on": "none",
    "data_dir": "$TFDS_DATA_DIR, or ~/tensorflow_datasets",
    "manual_dir": "downloads/manual in --data_dir",
    "run_dir": "runs/DATASET, or runs/FOLDER for an image folder",
    "init_from": "none, the paper's initial weights",
    "hidden_units": "1200 for grey images and 8000 for RGB ones in gan; 600 in "
    "lapgan",
    "optimizer": "sgd for gan and lapgan, adam for dcgan",
    "eval_every": "0; of a folder, 500, or more for batches under 128",
    "tpu": "none",
    "cpu_devices": "1",
    "conditional": "off",
    "r1_weight": "the recipe's: 0 in paper, 0.1 in small",
    "recipe": "small for a folder, paper for a named dataset",
    "discriminator_learning_rate": "none, the same for both",
    "spectral_norm": "off",
    "discriminator_batch_norm": "on",
    "allow_fewer_images": "off",
}


def add_default(name: str, help_text: str) -> str:
    """Ends a flag's help text with its default; see `describe_default`."""
    return f"{help_text} Default: {describe_default(name)}."


def define_settings(
    define: Callable[..., Any],
    help_texts: Mapping[str, str],
    values: flags.FlagValues,
) -> None:
    """Defines flags that are None where a run's defaults are to decide.

    Args:
        define: Such as `flags.DEFINE_string`.
        help_texts: By the flags' names, without their defaults.
        values: Where to define them.
    """
    for name, help_text in help_texts.items():
        define(name, None, add_default(name, help_text), flag_values=values)


def describe_default(name: str) -> str:
    """Returns a setting's default and where it comes from.

    Args:
        name: Of a flag of `train` that is None where it isn't given.

    Raises:
        ValueError: If it is no such flag.
    """
    if name in _IN_WORDS:
        return _IN_WORDS[name]
    if name == "family":
        return ModelConfig.family
    if name in _names(DatasetDefaults):
        return f"the dataset's: {_describe_by_dataset(name)}"
    if name in _names(ModelConfig):
        return f"the preset's: {_describe_by_preset(name)}"
    for config in (TrainingConfig, DataConfig):
        if name in _names(config):
            return _format(name, getattr(config, name))
    raise ValueError(f"no setting is called {name!r}")


def _names(config: type) -> set[str]:
    return {field.name for field in dataclasses.fields(config)}


def _describe_by_dataset(name: str) -> str:
    values = {}
    for dataset in _SHOWN_DATASETS:
        value = getattr(DATASETS[dataset], name)
        if value is None:
            value = getattr(PRESETS[DATASETS[dataset].preset], name)
        values.setdefault(_format(name, value), []).append(dataset)
    return _join(values, "for")


def _describe_by_preset(name: str) -> str:
    values = {}
    for preset, config in PRESETS.items():
        value = getattr(config, name)
        values.setdefault(_format(name, value), []).append(preset)
    return _join(values, "in")


def _join(values: dict[str, list[str]], word: str) -> str:
    return "; ".join(
        f"{value}{',' if ',' in value else ''} {word} {', '.join(owners)}"
        for value, owners in values.items()
    )


def _format(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, tuple):
        text = format_image_size(value)
    if _PAPERS_VALUES.get(name) == value:
        return f"{text}, the paper's"
    return text
