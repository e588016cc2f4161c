"""The settings of a run that its images decide, once they are open."""

import dataclasses
import os

from dcgan_tf.config import RunConfig
from dcgan_tf.data.held_out import AUTO, NONE
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.source import Source
from dcgan_tf.presets import choose_eval_every
from dcgan_tf.runs import checkpoints, folder
from dcgan_tf.setting_names import name_setting


def open_images(
    config: RunConfig,
    run_dir: str | os.PathLike,
    source: Source | None = None,
    is_evaluation_asked: bool = False,
) -> tuple[RunConfig, Source]:
    """Opens a run's images, and settles what is held out of them.

    Args:
        config: The run's settings, as they were given.
        run_dir: Its folder. A run that is there is read as it always was.
        source: The images, where they are open.
        is_evaluation_asked: As `run_training` has it.

    Returns:
        The settings to train with and to record, and the images.

    Raises:
        ValueError: If settings and images don't go together.
        OSError: If the images aren't there.
    """
    is_new = not checkpoints.list_steps(run_dir)
    if not is_new:
        config = folder.keep_recorded_data(run_dir, config)
    elif config.data.held_out_dir is not None:
        config = _hold_out_nothing(config)
    source = source or load_source(config.data)
    if is_new and _takes_all_to_fill_a_batch(config, source):
        config = _hold_out_nothing(config)
        source = load_source(config.data)
    is_unasked = not is_evaluation_asked and has_default_evaluation(config)
    if is_new and is_unasked and not _can_evaluate(config, source):
        config = _evaluate_never(config)
    return _record_reading(config, source), source


def has_default_evaluation(config: RunConfig) -> bool:
    """Whether a run is evaluated as often as one that doesn't say."""
    training = config.training
    default = choose_eval_every(config.data.dataset, training.batch_size)
    return training.eval_every == default and not training.patience


def count_classes(
    config: RunConfig, source: Source, conditional: bool = False
) -> RunConfig:
    """Gives both networks the classes that they are conditioned on, if any.

    Args:
        config: The run's settings.
        source: Its images.
        conditional: Whether their classes are asked for; a label that counts
            and a number of classes ask as well.

    Raises:
        ValueError: If there are none, or another number than was given.
    """
    given = config.model.num_classes
    if not (conditional or given or config.data.condition_on is not None):
        return config
    if not source.num_classes:
        setting = "num_classes" if given else "conditional"
        raise ValueError(
            f"dataset {source.name!r} has no class labels to condition on; "
            f"leave {name_setting(setting)} out, or sort a folder's images "
            "into one subfolder a class"
        )
    if given not in (0, source.num_classes):
        # A label over it would be that of no class, and train all the same.
        raise ValueError(
            f"num_classes is {given}, and {source.name} has "
            f"{source.num_classes} classes; leave it out: "
            f"{name_setting('conditional', True)} takes their number"
        )
    model = dataclasses.replace(config.model, num_classes=source.num_classes)
    return dataclasses.replace(config, model=model)


def _hold_out_nothing(config: RunConfig) -> RunConfig:
    data = dataclasses.replace(config.data, hold_out=NONE)
    return dataclasses.replace(config, data=data)


def _takes_all_to_fill_a_batch(config: RunConfig, source: Source) -> bool:
    """Whether a folder fills a batch only if nothing is held out of it."""
    count = source.num_examples
    is_own_folder = config.data.image_dir is not None
    fills = count < config.training.batch_size <= count + source.num_held_out
    return is_own_folder and fills and config.data.hold_out != NONE


def _can_evaluate(config: RunConfig, source: Source) -> bool:
    """Whether there are images to evaluate on; a distance takes two."""
    return config.data.held_out_dir is not None or source.num_held_out > 1


def _evaluate_never(config: RunConfig) -> RunConfig:
    training = dataclasses.replace(config.training, eval_every=0)
    return dataclasses.replace(config, training=training)


def _record_reading(config: RunConfig, source: Source) -> RunConfig:
    """Records how images were read, so that all who read the run's do so."""
    data = dataclasses.replace(config.data, level_range=source.level_range)
    rule = source.held_out_rule
    # By the number, runs of version 0.1.0 are: what they say is kept.
    if rule is not None and data.hold_out == AUTO:
        data = dataclasses.replace(
            data, hold_out=rule.hold_out, hold_out_also=rule.also
        )
    return dataclasses.replace(config, data=data)
