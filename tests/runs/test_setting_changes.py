"""Which settings may change when a run is resumed."""

import dataclasses

from dcgan_tf.presets import resolve_run_config
from dcgan_tf.runs.setting_changes import RESUMABLE_SETTINGS, find_differences


def test_differences_name_the_section():
    old = resolve_run_config({})
    training = dataclasses.replace(old.training, seed=3)
    assert find_differences(
        old, dataclasses.replace(old, training=training)
    ) == {"training.seed": (0, 3)}


def test_settings_that_may_change_are_settings():
    """A setting that is renamed in one place alone would be refused."""
    names = {
        f"{section}.{name}"
        for section, values in resolve_run_config({}).to_dict().items()
        for name in values
    }
    assert names > RESUMABLE_SETTINGS
