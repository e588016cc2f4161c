"""Changes of settings: which of them a run can be resumed with."""

from typing import Any

from dcgan_tf.config import RunConfig

# Settings sorted by what another value does to a run that is resumed; those
# in none of these sets would make it another run. No effect on the result,
# but for the rounding of other hardware:
NEUTRAL_SETTINGS = frozenset(
    {
        "training.strategy",
        "training.tpu",
        "training.deterministic",
        "training.steps_per_call",
        "training.report_every",
        "training.sample_every",
        "training.checkpoint_every",
        "training.keep_checkpoints",
        "data.cache",
        "data.data_dir",
        "data.manual_dir",
    }
)
# An effect on the steps to come, which the user may want:
ADJUSTABLE_SETTINGS = frozenset(
    {
        "training.steps",
        "training.learning_rate",
        "training.discriminator_learning_rate",
        "training.precision",
        "training.eval_every",
        "training.patience",
        # The images themselves are compared by their fingerprint.
        "data.image_dir",
        "data.exclude",
        # The classes' names are compared, and what changed is told.
        "data.labels",
        "data.held_out_dir",
    }
)
# Facts that the run's record holds and no flag changes:
RECORDED_SETTINGS = frozenset(
    {
        "training.init_from",
        "data.folder_splits",
        "data.level_range",
        "data.hold_out",
        "data.hold_out_also",
    }
)
RESUMABLE_SETTINGS = NEUTRAL_SETTINGS | ADJUSTABLE_SETTINGS | RECORDED_SETTINGS


def find_differences(
    old: RunConfig, new: RunConfig
) -> dict[str, tuple[Any, Any]]:
    """Returns `{"section.setting": (old value, new value)}` that differ."""
    old_values, new_values = old.to_dict(), new.to_dict()
    return {
        f"{section}.{name}": (value, new_values[section][name])
        for section, settings in old_values.items()
        for name, value in settings.items()
        if value != new_values[section][name]
    }
