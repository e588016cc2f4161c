"""Flags of a linear probe: its images, its protocol and its rows."""

from absl import flags

from dcgan_tf.cli.command import UsageError
from dcgan_tf.cli.flag_kinds import define_path
from dcgan_tf.config import DataConfig, check_data_settings
from dcgan_tf.evaluation.linear_probe.protocols import PROTOCOLS
from dcgan_tf.evaluation.settings import PROBE_ROWS, PROBE_SPLITS
from dcgan_tf.presets import get_dataset_defaults, resolve_dataset_name

_FLAGS = (
    "probe_dataset",
    "probe_data_dir",
    "probe_manual_dir",
    "probe_image_dir",
    "probe_split",
    "probe_rows",
    "probe_labels",
)


def define_probe_flags(values: flags.FlagValues) -> None:
    """Defines what the probe is on, other than the run's own images."""
    options = {"flag_values": values}
    flags.DEFINE_string(
        "probe_dataset", None, "Dataset with classes to probe on, brought to "
        "the run's size and channels. Default: the run's.", **options,
    )  # fmt: skip
    define_path(
        "probe_data_dir", None, "Folder where TFDS keeps --probe_dataset. "
        "Default: TFDS's.", values,
    )  # fmt: skip
    define_path(
        "probe_manual_dir", None, "Folder of files of --probe_dataset that "
        "were downloaded by hand. Default: TFDS's.", values,
    )  # fmt: skip
    define_path(
        "probe_image_dir", None, "Folder of images to probe on: train/CLASS "
        "and test/CLASS (or val, valid, validation), or CLASS, of which one "
        "image in 20 (of fewer than 1,000, in 10) is then held out. "
        "Default: none.", values,
    )  # fmt: skip
    flags.DEFINE_enum(
        "probe_split", "test", PROBE_SPLITS, "What the probe is tested on: "
        "the test set, or, to choose a checkpoint by, training images held "
        "out.", **options,
    )  # fmt: skip
    flags.DEFINE_list(
        "probe_rows", ["all"], "Rows of the probe's table: all, or some of "
        f"{', '.join(PROBE_ROWS)}.", **options,
    )  # fmt: skip
    flags.DEFINE_list(
        "probe_labels", None, "Some of the protocol's numbers of labels, such "
        "as 4000 or 4000,all. Default: every one.", **options,
    )  # fmt: skip


def check_probe_flags(values: flags.FlagValues) -> None:
    """Refuses flags of the probe that contradict each other.

    Raises:
        UsageError: If one is given without what it belongs to.
    """
    for name in _FLAGS:
        if values[name].present and not values.probe:
            raise UsageError(
                f"--{name} without --probe, which says how to probe: "
                f"--probe={'|'.join(PROTOCOLS)}"
            )
        is_place = name in ("probe_data_dir", "probe_manual_dir")
        if is_place and values[name].present and not values.probe_dataset:
            raise UsageError(f"--{name} is where --probe_dataset is; name it")
    if values.probe_dataset:
        _check_place(values)
    if values.probe_dataset is not None and values.probe_image_dir is not None:
        raise UsageError("give one of --probe_dataset and --probe_image_dir")
    if values.probe_dataset == "image_folder":
        raise UsageError("a folder to probe on is given as --probe_image_dir")


def _check_place(values: flags.FlagValues) -> None:
    """Refuses to be told where an embedded dataset is."""
    dataset = resolve_dataset_name(values.probe_dataset)
    for name in ("data_dir", "manual_dir"):
        try:
            check_data_settings(dataset, {name: values[f"probe_{name}"].value})
        except ValueError as error:
            raise UsageError(f"--probe_{error}") from error


def find_probe_labels(
    values: flags.FlagValues,
) -> tuple[int | None, ...] | None:
    """Returns the label counts to probe at; None for the protocol's.

    Raises:
        UsageError: If one is neither a number nor `all`.
    """
    if values.probe_labels is None:
        return None
    for text in values.probe_labels:
        if text != "all" and not text.isdecimal():
            raise UsageError(
                f"--probe_labels={','.join(values.probe_labels)}: use numbers "
                "and all, with commas between"
            )
    return tuple(
        None if text == "all" else int(text) for text in values.probe_labels
    )


def find_probe_data(values: flags.FlagValues) -> DataConfig | None:
    """Returns the images to probe on; None for the run's own."""
    if values.probe_image_dir is not None:
        return DataConfig("image_folder", image_dir=values.probe_image_dir)
    if values.probe_dataset is None:
        return None
    dataset = resolve_dataset_name(values.probe_dataset)
    return DataConfig(
        dataset,
        data_dir=values.probe_data_dir,
        manual_dir=values.probe_manual_dir,
        crop=get_dataset_defaults(dataset).crop,
    )
