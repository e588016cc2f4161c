"""Describes each setting's default and where it comes from."""

import dataclasses
from collections.abc import Mapping

from dcgan_tf.config import DataConfig, ModelConfig, TrainingConfig
from dcgan_tf.families import ADAM, FAMILIES
from dcgan_tf.image_sizes import format_image_size
from dcgan_tf.presets import DATASETS, PRESETS, DatasetDefaults
from dcgan_tf.recipes import RECIPES

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
    "eval_every": "0; of a folder, 500, or more for batches under 128",
    "tpu": "none",
    "cpu_devices": "1",
    "conditional": "off",
    "recipe": "small for a folder; paper for a named dataset, another family "
    "than dcgan, and mixed_float16",
    "discriminator_learning_rate": "none, the same for both",
    "spectral_norm": "off",
    "discriminator_batch_norm": "on",
    "allow_fewer_images": "off",
}


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
    if name == "optimizer":
        return _join_owners(
            {key: family.optimizers[0] for key, family in FAMILIES.items()},
            "for",
        )
    by_family = _describe_by_family(name)
    if name in FAMILIES[ModelConfig.family].unused:
        return by_family
    text = _describe_dcgans(name)
    return f"{text}; or the family's: {by_family}" if by_family else text


def _describe_dcgans(name: str) -> str:
    if name in _names(DatasetDefaults):
        return f"the dataset's: {_describe_by_dataset(name)}"
    by_recipe = {key: recipe.get(name) for key, recipe in RECIPES.items()}
    if len(set(by_recipe.values())) > 1:
        texts = {key: _format(value) for key, value in by_recipe.items()}
        return f"the recipe's: {_join_owners(texts, 'in')}"
    if name in _names(ModelConfig):
        return f"the preset's: {_describe_by_preset(name)}"
    for config in (TrainingConfig, DataConfig):
        if name in _names(config):
            return _format_origin(name, getattr(config, name))
    raise ValueError(f"no setting is called {name!r}")


def _names(config: type) -> set[str]:
    return {field.name for field in dataclasses.fields(config)}


def _describe_by_dataset(name: str) -> str:
    texts = {}
    for dataset in _SHOWN_DATASETS:
        value = getattr(DATASETS[dataset], name)
        if value is None:
            value = getattr(PRESETS[DATASETS[dataset].preset], name)
        texts[dataset] = _format_origin(name, value)
    return _join_owners(texts, "for")


def _describe_by_preset(name: str) -> str:
    texts = {
        preset: _format_origin(name, getattr(config, name))
        for preset, config in PRESETS.items()
    }
    return _join_owners(texts, "in")


def _describe_by_family(name: str) -> str:
    """Says what families choose whatever the dataset; empty if none does."""
    texts = {family: _describe_in_family(name, family) for family in FAMILIES}
    texts = {family: text for family, text in texts.items() if text}
    text = _join_owners(texts, "in")
    if texts and name == "learning_rate":
        rate = _format(TrainingConfig.learning_rate)
        text += f"; {rate} in {', '.join(texts)} with --optimizer={ADAM}"
    return text


def _describe_in_family(name: str, family: str) -> str:
    choose = FAMILIES[family].choose_defaults
    sizes = sorted({config.image_size for config in PRESETS.values()})
    by_channels = {
        kind: choose(sizes[0], channels).get(name)
        for kind, channels in (("grey images", 1), ("RGB ones", 3))
    }
    by_size = {
        f"{format_image_size(size)} pixels": choose(size, 1).get(name)
        for size in sizes
    }
    for values in (by_channels, by_size):
        if len(set(values.values())) > 1:
            return " and ".join(
                f"{_format(value)} for {kind}" for kind, value in values.items()
            )
    value = by_channels["grey images"]
    return "" if value is None else _format(value)


def _join_owners(texts: Mapping[str, str], word: str) -> str:
    """Joins what datasets, presets or families have, the same named once."""
    owners: dict[str, list[str]] = {}
    for owner, text in texts.items():
        owners.setdefault(text, []).append(owner)
    return "; ".join(
        f"{text}{',' if ',' in text else ''} {word} {', '.join(names)}"
        for text, names in owners.items()
    )


def _format_origin(name: str, value: object) -> str:
    text = _format(value)
    if _PAPERS_VALUES.get(name) == value:
        return f"{text}, the paper's"
    return text


def _format(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return format_image_size(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
