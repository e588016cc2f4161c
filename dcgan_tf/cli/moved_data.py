"""Finds a run's images where --data_dir or --image_dir says they are."""

import dataclasses

from absl import flags

from dcgan_tf.cli.command import UsageError
from dcgan_tf.config import (
    DataConfig,
    check_data_settings,
    move_to_folder,
)


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
