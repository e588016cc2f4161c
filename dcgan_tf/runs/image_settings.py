"""The settings of a run that its images decide, once they are open."""

import dataclasses
import os

from dcgan_tf.config import ARRAYS, RunConfig
from dcgan_tf.data.held_out import AUTO, LARGE, NONE
from dcgan_tf.data.open_source import load_source
from dcgan_tf.data.source import HeldOutRule, Source
from dcgan_tf.presets import choose_eval_every
from dcgan_tf.runs import checkpoints, folder
from dcgan_tf.setting_names import name_setting


def open_images(
    config: RunConfig,
    run_dir: str | os.PathLike,
    source: Source | None = None,
    is_evaluation_asked: bool = False,
    is_held_out_given: bool = False,
) -> tuple[RunConfig, Source]:
    """Opens a run's images, and settles what is held out of them.

    Args:
        config: The run's settings, as they were given.
        run_dir: Its folder. A run that is there is read as it always was.
        source: The images, where they are open.
        is_evaluation_asked: As `run_training` has it.
        is_held_out_given: The same.

    Returns:
        The settings to train with and to record, and the images.

    Raises:
        ValueError: If settings and images don't go together.
        OSError: If the images aren't there.
    """
    if checkpoints.list_steps(run_dir):
        config = folder.keep_recorded_data(run_dir, config)
        source = source or load_source(config.data)
        return _record_reading(config, source), source
    are_others_given = is_held_out_given or config.data.held_out_dir is not None
    if are_others_given and _goes_by_number(config):
        config = _hold_out_nothing(config)
    source = source or load_source(config.data)
    _check_rule(config, source)
    if _takes_all_to_fill_a_batch(config, source):
        config = _hold_out_nothing(config)
        source = load_source(config.data)
    is_unasked = not is_evaluation_asked and has_default_evaluation(config)
    # A distance takes two.
    can_evaluate = are_others_given or source.num_held_out > 1
    if is_unasked and not can_evaluate:
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


def _goes_by_number(config: RunConfig) -> bool:
    """Whether what is held out is left to the number of images."""
    return config.data.hold_out in (AUTO, LARGE)


def _hold_out_nothing(config: RunConfig) -> RunConfig:
    data = dataclasses.replace(config.data, hold_out=NONE)
    return dataclasses.replace(config, data=data)


def _check_rule(config: RunConfig, source: Source) -> None:
    """Refuses a rule that a user gave and that can't be kept.

    Raises:
        ValueError: If images aren't held out by a rule, or what it leaves
            fills no batch and all images would.
    """
    hold_out = config.data.hold_out
    if _goes_by_number(config) or hold_out == NONE:
        return
    if config.data.dataset == ARRAYS:
        raise ValueError(
            f"hold_out {hold_out!r} is for folders, and of arrays all images "
            "are trained on; leave it out, and give others to evaluate on as "
            f"{name_setting('held_out_dir')}"
        )
    if source.held_out_rule is None:
        raise ValueError(
            f"hold_out {hold_out!r} is for folders without splits, and the "
            f"splits of {source.name} say what is held out; leave it out"
        )
    if _fills_a_batch_with_all(config, source):
        count = source.num_examples
        raise ValueError(
            f"hold_out {hold_out!r} leaves {count:,} of the "
            f"{count + source.num_held_out:,} images of {source.name} to train "
            f"on, and batch size {config.training.batch_size} takes more; give "
            f"a smaller {name_setting('batch_size')}, or "
            f"{name_setting('hold_out', NONE)}"
        )


def _takes_all_to_fill_a_batch(config: RunConfig, source: Source) -> bool:
    """Whether nothing is held out of a folder, as a batch needs it all."""
    is_chosen = source.held_out_rule is not None and _goes_by_number(config)
    return is_chosen and _fills_a_batch_with_all(config, source)


def _fills_a_batch_with_all(config: RunConfig, source: Source) -> bool:
    """Whether only all of a collection's images fill a batch."""
    count = source.num_examples
    return count < config.training.batch_size <= count + source.num_held_out


def _evaluate_never(config: RunConfig) -> RunConfig:
    training = dataclasses.replace(config.training, eval_every=0)
    return dataclasses.replace(config, training=training)


def _record_reading(config: RunConfig, source: Source) -> RunConfig:
    """Records how images were read, so that all who read the run's do so."""
    data = dataclasses.replace(config.data, level_range=source.level_range)
    # By the number, runs of version 0.1.0 are: what they say is kept.
    if data.hold_out == AUTO:
        # Where no rule chose, all of the split are trained on. Opened as a
        # folder later, they would be held out by their number.
        rule = source.held_out_rule or HeldOutRule(NONE)
        data = dataclasses.replace(
            data, hold_out=rule.hold_out, hold_out_also=rule.also
        )
    return dataclasses.replace(config, data=data)
