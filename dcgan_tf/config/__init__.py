"""The settings of a run: frozen dataclasses, their ranges and their JSON.

Everything that decides a run's result is in a `RunConfig`. It imports no
TensorFlow, so a command can refuse a bad flag before anything slow happens.
"""

from dcgan_tf.config.data import (
    ARRAYS,
    CACHES,
    EMBEDDED,
    FITS,
    HOLD_OUT,
    PATH_SETTINGS,
    RECORDED_DATA,
    DataConfig,
    check_data_settings,
    move_to_dataset,
    move_to_folder,
    parse_colour,
    takes_setting,
)
from dcgan_tf.config.model import ModelConfig
from dcgan_tf.config.run import RunConfig
from dcgan_tf.config.training import (
    ALTERNATING,
    BATCH_NORMS,
    CROSS_ENTROPY,
    HINGE,
    JOINT,
    LARGEST_TRAINING_SEED,
    LOSSES,
    PRECISIONS,
    RELATIVISTIC,
    REPLICA,
    STRATEGIES,
    SYNCHRONISED,
    UPDATES,
    TrainingConfig,
)

__all__ = [
    "ALTERNATING",
    "ARRAYS",
    "BATCH_NORMS",
    "CACHES",
    "CROSS_ENTROPY",
    "DataConfig",
    "EMBEDDED",
    "FITS",
    "HINGE",
    "HOLD_OUT",
    "JOINT",
    "LARGEST_TRAINING_SEED",
    "LOSSES",
    "ModelConfig",
    "PATH_SETTINGS",
    "PRECISIONS",
    "RECORDED_DATA",
    "RELATIVISTIC",
    "REPLICA",
    "RunConfig",
    "STRATEGIES",
    "SYNCHRONISED",
    "TrainingConfig",
    "UPDATES",
    "check_data_settings",
    "move_to_dataset",
    "move_to_folder",
    "parse_colour",
    "takes_setting",
]
