"""Presets of networks, and each dataset's default settings."""

import dataclasses
import difflib
import re
from collections.abc import Mapping
from typing import Any

from dcgan_tf.config import (
    DataConfig,
    ModelConfig,
    RunConfig,
    TrainingConfig,
    check_data_settings,
)
from dcgan_tf.config.ranges import check_whole_number
from dcgan_tf.families import ADAM, FAMILIES, check_settings
from dcgan_tf.image_sizes import read_image_size
from dcgan_tf.recipes import PAPER, SMALL, expand_recipe, list_choices
from dcgan_tf.setting_names import name_setting

PRESETS: dict[str, ModelConfig] = {
    # Radford et al. (2016), Figure 1: the LSUN and face network.
    "paper_64": ModelConfig((64, 64), 3, 100, 128, 5),
    # The authors' ImageNet network (Newmu/dcgan_code, imagenet/): 3x3
    # kernels, two convolutions a scale; its pooled features are the 28,672
    # numbers of Section 5.1.
    "imagenet_32": ModelConfig((32, 32), 3, 256, 128, 3, convs_per_scale=2),
    # The authors' SVHN network (Newmu/dcgan_code, svhn/): 64-128-256.
    "svhn_32": ModelConfig((32, 32), 3, 100, 64, 5),
    # The same for one channel. The authors' MNIST network has hidden dense
    # layers, against their own guideline, and is not followed.
    "mnist_32": ModelConfig((32, 32), 1, 100, 64, 5),
}


@dataclasses.dataclass(frozen=True)
class DatasetDefaults:
    """What a dataset is trained with where a flag doesn't say."""

    preset: str
    steps: int
    batch_size: int = 128
    crop: int = 0
    base_filters: int | None = None
    learning_rate: float = TrainingConfig.learning_rate
    weight_decay: float = TrainingConfig.weight_decay
    recipe: str = PAPER


# Newmu/dcgan_code, mnist/train_cond_dcgan.py.
_AUTHORS_MNIST_DECAY = 2.5e-5
_OTHER_DATASETS = DatasetDefaults("paper_64", 25_000)
DATASETS: dict[str, DatasetDefaults] = {
    # Half as wide, on smaller batches and at twice the paper's rate: the most
    # that minutes on a CPU give. Wider or slower ones get there later.
    "mnist_5k": DatasetDefaults(
        "mnist_32",
        10_000,
        batch_size=32,
        base_filters=32,
        learning_rate=4e-4,
        weight_decay=_AUTHORS_MNIST_DECAY,
    ),
    "toy_faces": DatasetDefaults(
        "svhn_32",
        8_000,
        batch_size=32,
        base_filters=32,
        learning_rate=4e-4,
    ),
    # Measured on faces and on CIFAR-10's images (docs/recipes.md).
    "image_folder": DatasetDefaults("paper_64", 25_000, recipe=SMALL),
    "mnist": DatasetDefaults(
        "mnist_32", 10_000, weight_decay=_AUTHORS_MNIST_DECAY
    ),
    "fashion_mnist": DatasetDefaults("mnist_32", 10_000),
    "cifar10": DatasetDefaults("imagenet_32", 40_000),
    "svhn_cropped": DatasetDefaults("svhn_32", 40_000),
    "imagenet_resized/32x32": DatasetDefaults("imagenet_32", 200_000),
    "downsampled_imagenet/32x32": DatasetDefaults("imagenet_32", 200_000),
    # The customary face box of the aligned 178x218 images: 108x108 at the
    # centre (carpedm20/DCGAN-tensorflow, and many works since).
    "celeb_a": DatasetDefaults("paper_64", 40_000, crop=108),
    "stl10": _OTHER_DATASETS,
    "oxford_flowers102": _OTHER_DATASETS,
}


def resolve_dataset_name(dataset: str) -> str:
    """Returns the one spelling of a dataset's name.

    `CelebA`, `celebA` and `Celeb-A` are `celeb_a`, as papers and other
    programs write it. A name that isn't in `DATASETS` is spelt as TFDS spells
    it (`Food101` is `food101`); whether TFDS has it is found out later. A
    config or version behind `/` or `:` stays as it is.
    """
    match = re.fullmatch(r"([^/:]*)(.*)", dataset, re.DOTALL)
    base, rest = match[1], match[2]
    known = {_squeeze(key.split("/")[0]): key.split("/")[0] for key in DATASETS}
    if _squeeze(base) in known:
        return known[_squeeze(base)] + rest
    words = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", base)
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", words)
    return words.lower().replace("-", "_") + rest


def _squeeze(name: str) -> str:
    return re.sub(r"[-_ ]", "", name).lower()


def get_dataset_defaults(dataset: str) -> DatasetDefaults:
    """Returns a dataset's entry, without its TFDS version or config."""
    name = dataset.split(":")[0]
    for key in (name, name.split("/")[0]):
        if key in DATASETS:
            return DATASETS[key]
    return _OTHER_DATASETS


# A folder's runs are evaluated after so many images: measured, that takes 1 to
# 3% of the time, whatever the networks.
_STEPS_BETWEEN_EVALUATIONS, _BATCH_OF_THESE = 500, 128


def choose_eval_every(dataset: str, batch_size: int) -> int:
    """Returns how often a new run is evaluated where a flag doesn't say.

    Args:
        dataset: Its name; folders alone are evaluated unasked.
        batch_size: Images a step.

    Returns:
        Steps, a multiple of those between checkpoints; 0 for never.

    Raises:
        ValueError: If there can be no such batch.
    """
    if dataset != "image_folder":
        return 0
    batch_size = check_whole_number("batch_size", batch_size, 1)
    return _STEPS_BETWEEN_EVALUATIONS * -(-_BATCH_OF_THESE // batch_size)


def resolve_run_config(
    settings: Mapping[str, Any],
    kept: RunConfig | None = None,
    may_resume: bool = False,
) -> RunConfig:
    """Fills what isn't set from family, preset and the dataset's defaults.

    Args:
        settings: Names of `ModelConfig`, `DataConfig` and `TrainingConfig`
            attributes, `preset` and `recipe`, to values; None counts as not
            set.
        kept: Of a run that is resumed, whose choices stay where no recipe
            is named, whatever the dataset's is today; so does how often a
            folder's run is evaluated.
        may_resume: Whether a run that isn't read yet may be resumed, whose
            choices give settings a use that they haven't alone.

    Raises:
        ValueError: If a setting is unknown, out of range or contradicts
            another.
    """
    given = {k: v for k, v in settings.items() if v is not None}
    own = dict(given)
    if "image_size" in given:
        given["image_size"] = read_image_size(given["image_size"])
    if "image_dir" in given:
        given.setdefault("dataset", "image_folder")
    dataset = resolve_dataset_name(given.get("dataset", DataConfig.dataset))
    given["dataset"] = dataset
    check_data_settings(dataset, own)
    defaults = get_dataset_defaults(dataset)
    preset = given.pop("preset", defaults.preset)
    recipe = given.pop("recipe", None)
    if not isinstance(preset, str) or preset not in PRESETS:
        raise ValueError(
            f"preset is {preset!r}; use one of {', '.join(PRESETS)}"
        )
    values = _list_defaults(preset, defaults)
    family = given.get("family", ModelConfig.family)
    check_settings(family, own)
    for name in FAMILIES[family].unused:
        values.pop(name, None)
    if kept is not None and recipe is None:
        values.update(list_choices(kept))
    else:
        values.update(_choose_recipe(family, recipe, defaults.recipe, given))
    values.update(
        _choose_family_defaults(
            family,
            given.get("image_size", values["image_size"]),
            given.get("channels", values["channels"]),
            given.get("optimizer"),
        )
    )
    values.update(given)
    if not may_resume:
        _check_used(own, values)
    # Of a named dataset nothing is evaluated unasked, as in version 0.1.0.
    if dataset == "image_folder" and "eval_every" not in given:
        values["eval_every"] = (
            choose_eval_every(dataset, values["batch_size"])
            if kept is None
            else kept.training.eval_every
        )
    try:
        return _build_run_config(values)
    except ValueError as error:
        _blame_given(given, kept, error)
        raise


def _blame_given(
    given: Mapping[str, Any], kept: RunConfig | None, error: ValueError
) -> None:
    """Names what was given, where a kept choice would be blamed for it."""
    choices = list_choices(kept) if kept is not None else {}
    changed = [
        f"{name} was {was!r}, is now {given[name]!r}"
        for name, was in choices.items()
        if name in given and given[name] != was
    ]
    if changed:
        raise ValueError(
            f"the run was started with other settings: {'; '.join(changed)}. "
            "Give the same settings to resume it, or another "
            f"{name_setting('run_dir')} to start anew"
        ) from error


def _check_used(given: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Refuses settings that were given and that others turn off."""
    has_penalty = values.get("r1_weight") or values.get("r2_weight")
    if "penalty_every" in given and not has_penalty:
        raise ValueError(
            f"penalty_every {given['penalty_every']} says how often D's "
            "gradients are penalised, and r1_weight and r2_weight are 0; give "
            "one of them, or leave it out"
        )
    if "ema_warmup" in given and not values.get(
        "ema_decay", TrainingConfig.ema_decay
    ):
        raise ValueError(
            f"ema_warmup {given['ema_warmup']} is of the weights' averages, "
            "and ema_decay 0 turns them off; leave one of them out"
        )


def _list_defaults(preset: str, defaults: DatasetDefaults) -> dict[str, Any]:
    """Returns settings of a preset, and of a dataset."""
    values = {
        **dataclasses.asdict(PRESETS[preset]),
        "steps": defaults.steps,
        "batch_size": defaults.batch_size,
        "crop": defaults.crop,
        "learning_rate": defaults.learning_rate,
        "weight_decay": defaults.weight_decay,
    }
    if defaults.base_filters and preset == defaults.preset:
        values["base_filters"] = defaults.base_filters
    return values


def _build_run_config(values: dict[str, Any]) -> RunConfig:
    """Sorts settings into a run's sections, which check them."""
    values = dict(values)
    sections = {}
    for section, kind in (
        ("model", ModelConfig),
        ("data", DataConfig),
        ("training", TrainingConfig),
    ):
        names = {field.name for field in dataclasses.fields(kind)}
        sections[section] = kind(
            **{k: values.pop(k) for k in names if k in values}
        )
    if values:
        raise ValueError(_describe_unknown(sorted(values)))
    return RunConfig(**sections)


def _choose_recipe(
    family: str, recipe: str | None, default: str, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Returns a recipe's settings; another family has its paper's alone."""
    if family == ModelConfig.family:
        if given.get("precision") == "mixed_float16":
            default = PAPER  # Its pixels' gradients are too small for others.
        return expand_recipe(recipe or default, given)
    if recipe not in (None, PAPER):
        raise ValueError(
            f"recipe is {recipe!r}, which is for the family dcgan; {family} "
            f"has its paper's: leave it out, or use {PAPER!r}"
        )
    return {}


def _describe_unknown(names: list[str]) -> str:
    kinds = (ModelConfig, DataConfig, TrainingConfig)
    known = [f.name for kind in kinds for f in dataclasses.fields(kind)]
    near = difflib.get_close_matches(names[0], [*known, "preset", "recipe"])
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"unknown settings: {', '.join(names)}{hint}"


def _choose_family_defaults(
    family: str,
    image_size: tuple[int, int],
    channels: int,
    optimizer: str | None,
) -> dict[str, Any]:
    """Returns a family's settings, those of Adam where that is asked for.

    Adam's rate is then the one of DCGAN's paper.
    """
    own = FAMILIES[family].optimizers[0]
    chosen = {
        **FAMILIES[family].choose_defaults(image_size, channels),
        "optimizer": optimizer or own,
    }
    if optimizer == ADAM != own:
        chosen["learning_rate"] = TrainingConfig.learning_rate
    return chosen
