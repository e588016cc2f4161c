"""Flags that say which trained model, and where its images are now."""

import dataclasses
import logging
from collections.abc import Callable

from absl import flags

from dcgan_tf.cli.command import UsageError
from dcgan_tf.cli.flag_kinds import define_path
from dcgan_tf.config import (
    DataConfig,
    check_data_settings,
    move_to_folder,
)

_log = logging.getLogger(__name__)


def define_checkpoint(values: flags.FlagValues) -> None:
    """Defines --checkpoint."""
    flags.DEFINE_string(
        "checkpoint", "latest", "Of the run: latest, best or a step.",
        flag_values=values,
    )  # fmt: skip


def define_moved_data(values: flags.FlagValues) -> None:
    """Defines --data_dir and --image_dir, for images that moved."""
    define_path(
        "data_dir", None, "Folder where TFDS keeps the run's dataset, if it "
        "moved. Default: the run's.", values,
    )  # fmt: skip
    define_path(
        "image_dir", None, "Folder of the run's images, if they moved. "
        "Default: the run's.", values,
    )  # fmt: skip


def check_moved_data(values: flags.FlagValues) -> None:
    """Refuses both --data_dir and --image_dir.

    Raises:
        UsageError: If both are given.
    """
    if values.data_dir is not None and values.image_dir is not None:
        raise UsageError("give one of --data_dir and --image_dir")


def find_moved_data(
    data: DataConfig, values: flags.FlagValues, is_one_of_many: bool = False
) -> DataConfig | None:
    """Returns a run's data where the flags say it is; None without them.

    Args:
        data: The run's.
        values: With `data_dir` and `image_dir`.
        is_one_of_many: Whether the flags are for other runs too.

    Raises:
        UsageError: If one says where something is that the run hasn't.
    """
    if not is_one_of_many:
        try:
            check_data_settings(data.dataset, {"data_dir": values.data_dir})
        except ValueError as error:
            raise UsageError(error) from error
    if values.image_dir is not None:
        return move_to_folder(data, values.image_dir)
    if values.data_dir is not None:
        return dataclasses.replace(data, data_dir=values.data_dir)
    return None


def load_model(
    values: flags.FlagValues,
    run_dir: str | None,
    export_dir: str | None,
    find_data: Callable[[DataConfig], DataConfig | None] | None = None,
):
    """Loads a run at --checkpoint, or an export, as a `TrainedModel`.

    Args:
        values: With `checkpoint`.
        run_dir: The run; None for an export.
        export_dir: The export; None for a run.
        find_data: Returns the run's data where its images are now, and None
            where they haven't moved; None if no flag says so.
    """
    from dcgan_tf.runs.folder import load_run_config
    from dcgan_tf.runs.trained_model import load_trained_model
    from dcgan_tf.serving.trained_export import (
        load_exported_model,
        load_newest_record,
    )

    is_run = export_dir is None
    real_data = None
    if find_data is not None:
        config = (
            load_run_config(run_dir)
            if is_run
            else load_newest_record(export_dir).config
        )
        real_data = find_data(config.data)
    if is_run:
        return load_trained_model(
            run_dir, values.checkpoint, real_data=real_data
        )
    model = load_exported_model(export_dir, real_data=real_data)
    _warn_of_checkpoint(values.checkpoint, model.step)
    return model


def _warn_of_checkpoint(checkpoint: str, step: int) -> None:
    """Says that an export has one step where another was asked for.

    Version 0.1.0 passed the flag over, so that it isn't refused.
    """
    if checkpoint not in ("latest", str(step)):
        _log.warning(
            "an export has one checkpoint, here that of step %s: "
            "--checkpoint=%s is passed over",
            step,
            checkpoint,
        )
