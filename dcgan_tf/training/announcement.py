"""Says at the start of a training what is trained on, how and where."""

import os

import tensorflow as tf

from dcgan_tf.config import REPLICA, RunConfig
from dcgan_tf.counted import format_count
from dcgan_tf.data.source import Source
from dcgan_tf.data.survey import Survey, glance
from dcgan_tf.data.survey_warnings import find_warnings
from dcgan_tf.output import escape_controls
from dcgan_tf.recipes import PAPER, SMALL, name_recipe
from dcgan_tf.runs.sample_grids import choose_shown_classes
from dcgan_tf.setting_names import name_setting

_NUM_NAMED = 5
_COLOURS = {1: "grey", 3: "RGB", 4: "RGBA"}


def describe_training(
    config: RunConfig,
    source: Source,
    run_dir: str | os.PathLike,
    strategy: tf.distribute.Strategy,
    precision: str,
) -> list[str]:
    """Describes a training that is about to start.

    A hundred images are looked at, no more: this is no wait beside what
    follows. `cli.data` looks at 10,000.

    Args:
        config: The run's settings.
        source: Its images, all of them read if they are kept ready.
        run_dir: Its folder.
        strategy: What it trains under.
        precision: A Keras dtype policy.

    Returns:
        A line on the images, one on the training, one on sample grids that
        don't show all classes, and warnings, whatever the names in them.
    """
    try:
        survey = glance(source, config.model, config.data)
    except (tf.errors.OpError, OSError, ValueError):
        survey = None  # Training says it, should it need them.
    lines = [
        f"Images: {_describe_images(source, survey)}",
        f"Training: {_describe_networks(config)}, {precision} on "
        f"{describe_devices(strategy)}{_describe_norm(config, strategy)}, "
        f"into {os.fspath(run_dir)}",
        *_describe_grids(config.model.num_classes),
    ]
    lines = [escape_controls(line) for line in lines]
    if survey is None:
        return lines
    warnings = find_warnings(
        source,
        survey,
        config.model,
        config.data,
        is_augmented=config.training.diff_augment,
    )
    return lines + [f"WARNING: {warning}" for warning in warnings]


def _describe_grids(num_classes: int) -> list[str]:
    shown = choose_shown_classes(num_classes)
    if len(shown) == num_classes:
        return []
    first = ", ".join(map(str, shown[:_NUM_NAMED]))
    return [
        f"Sample grids: {len(shown)} of the {num_classes:,} classes, evenly "
        f"spaced: {first}, ..., {shown[-1]}"
    ]


def describe_devices(strategy: tf.distribute.Strategy) -> str:
    """Names what a strategy computes on: `1 CPU`, `4 GPUs`."""
    kinds = ("TPU", "GPU", "CPU")
    kind = next(k for k in kinds if tf.config.list_logical_devices(k))
    return format_count(strategy.num_replicas_in_sync, kind)


def _describe_norm(config: RunConfig, strategy: tf.distribute.Strategy) -> str:
    """Says what `batch_norm` changes where it isn't the default."""
    if config.training.batch_norm != REPLICA:
        return ""
    if strategy.num_replicas_in_sync == 1:
        return ", where batch_norm replica changes nothing"
    return " with batch norm of each alone"


def _describe_images(source: Source, survey: Survey | None) -> str:
    parts = [f"{source.num_examples:,} of {source.name} ({source.split})"]
    if source.num_held_out:
        parts[0] += f", {source.num_held_out:,} held out"
    if survey is not None:
        parts.append(_describe_sizes(survey))
    if source.label_names:
        names = ", ".join(source.label_names[:_NUM_NAMED])
        more = ", ..." if source.num_classes > _NUM_NAMED else ""
        parts.append(f"{source.num_classes} classes ({names}{more})")
    if source.attribute_names:
        parts.append(format_count(len(source.attribute_names), "attribute"))
    if source.num_excluded:
        parts.append(f"{source.num_excluded:,} excluded")
    skipped = source.skipped
    if len(skipped):
        parts.append(
            f"{format_count(len(skipped), 'file')} passed over "
            f"({skipped.summarize()})"
        )
    if cut := skipped.describe_cut():
        parts.append(cut)
    if skipped.hidden:
        parts.append(
            f"{len(skipped.hidden):,} hidden ({skipped.summarize_hidden()})"
        )
    if skipped.own_output:
        parts.append(f"{len(skipped.own_output):,} left out as made here")
    return "; ".join(parts)


def _describe_sizes(survey: Survey) -> str:
    """Says how wide and high images are, and whether all are grey."""
    ranges = [
        f"{low}" if low == high else f"{low} to {high}"
        for low, high in zip(
            survey.sizes.min(axis=0), survey.sizes.max(axis=0), strict=True
        )
    ]
    colour = "all grey" if survey.is_grey.all() else "in colour"
    return f"{ranges[1]} wide and {ranges[0]} high, {colour}"


def _describe_networks(config: RunConfig) -> str:
    model = config.model
    height, width = model.image_size
    recipe = parts = ""
    if model.family == "dcgan":
        name = name_recipe(config)
        recipe = f", recipe {name}"
        if name == SMALL:
            recipe += f" ({name_setting('recipe', PAPER)} for the paper's)"
    if config.training.accumulate > 1:
        parts = f" in {config.training.accumulate} parts"
    return (
        f"{model.family} of {height}x{width} "
        f"{_COLOURS[model.channels]}{recipe}, "
        f"{config.training.batch_size} images a step{parts}"
    )
