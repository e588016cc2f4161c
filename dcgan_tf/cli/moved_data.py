"""Finds a run's images where --data_dir or --image_dir says they are."""

import dataclasses

from absl import flags

from dcgan_tf.config import DataConfig


def find_moved_data(
    data: DataConfig, values: flags.FlagValues
) -> DataConfig | None:
    """Returns a run's data where the flags say it is; None without them."""
    if values.image_dir is not None:
        return dataclasses.replace(
            data, dataset="image_folder", image_dir=values.image_dir
        )
    if values.data_dir is not None:
        return dataclasses.replace(data, data_dir=values.data_dir)
    return None
