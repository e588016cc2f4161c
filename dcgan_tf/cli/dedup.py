"""Finds near-duplicate images and lists those to leave out of training.

Trains a small autoencoder on a sample, turns every image into 128 bits and
groups images whose bits are (nearly) equal: the first of a group stays.
Writes the names of the others, for --exclude, and a contact sheet that shows
a group a row. A list that differs is kept, as exclude.txt.bak. Needs Apache
Beam: pip install 'dcgan_tf[dedup]'.
"""

import logging
import shlex
import sys
from pathlib import Path

from absl import flags

from dcgan_tf import scratch
from dcgan_tf.cli.command import UsageError, import_tensorflow, run_command
from dcgan_tf.cli.flag_kinds import define_path, define_seed
from dcgan_tf.cli.paths import check_output, promises_other_format
from dcgan_tf.cli.setting_flags import define_settings
from dcgan_tf.config import DataConfig, check_data_settings
from dcgan_tf.counted import format_count
from dcgan_tf.data.exclusion import can_be_listed
from dcgan_tf.output import escape_controls
from dcgan_tf.presets import get_dataset_defaults, resolve_dataset_name
from dcgan_tf.runs.set_aside import save_anew, set_aside

_log = logging.getLogger(__name__)
_LOCAL_RUNNER = "DirectRunner"
_NAME = "python -m dcgan_tf.cli.dedup"
_MAX_BITS = 15
_SHEET_ROWS = 24
_SHEET_COLUMNS = 8


def define_flags(values: flags.FlagValues) -> None:
    """Defines the command's flags."""
    define_settings(
        ("dataset", "image_dir", "data_dir", "manual_dir", "background"),
        values,
        dataset="An embedded dataset or one of TFDS.",
        background="Colour under transparent pixels: a name or #rrggbb.",
    )
    flags.DEFINE_string(
        "split", None, "Which part. Default: train; of a folder, all.",
        flag_values=values,
    )  # fmt: skip
    define_path(
        "work_dir", None, "Folder that all workers can write to, where there "
        "are several machines. Default: a temporary one.", values,
    )  # fmt: skip
    flags.DEFINE_boolean(
        "all_pages", False, "Take each page of a TIFF file for an image, not "
        "the first alone, as in training.",
        flag_values=values,
    )  # fmt: skip
    define_path(
        "output", "exclude.txt", "The list; the sheet is beside it, as .png.",
        values,
    )  # fmt: skip
    flags.DEFINE_integer(
        "crop", None, "Side in pixels of a centred square to cut out first. "
        "Default: the dataset's, as in training.",
        flag_values=values,
    )  # fmt: skip
    flags.DEFINE_integer(
        "max_bits", 3, "Bits out of 128 in which near-duplicates may differ, "
        "up to 15; 0 takes equal codes only, as the paper does.",
        flag_values=values,
    )  # fmt: skip
    flags.DEFINE_integer(
        "sample", 20_000, "Images to train the autoencoder on at most.",
        lower_bound=1, flag_values=values,
    )  # fmt: skip
    flags.DEFINE_integer(
        "steps", 1_000, "The autoencoder's updates at most, of up to 128 "
        "images each, in whole passes over the sample, of which it makes one "
        "at least.", lower_bound=1, flag_values=values,
    )  # fmt: skip
    define_seed(0, "Of the autoencoder.", values)
    flags.DEFINE_string(
        "runner", _LOCAL_RUNNER, "What Beam runs on: DirectRunner (this "
        "machine) or, experimental since never run, FlinkRunner, "
        "SparkRunner, DataflowRunner.",
        flag_values=values,
    )  # fmt: skip
    flags.DEFINE_multi_string(
        "runner_option", [], "An option of the runner's, as --name=value; may "
        "be given several times. Default: none.", flag_values=values,
    )  # fmt: skip


def build_config(values: flags.FlagValues) -> DataConfig:
    """Turns flags into what and how to read.

    Raises:
        UsageError: If a value is out of range or contradicts another.
    """
    if not 0 <= values.max_bits <= _MAX_BITS:
        raise UsageError(
            f"--max_bits {values.max_bits} is not 0 to {_MAX_BITS}"
        )
    dataset = resolve_dataset_name(
        values.dataset
        or ("image_folder" if values.image_dir else DataConfig.dataset)
    )
    crop = values.crop
    if crop is None:
        crop = get_dataset_defaults(dataset).crop
    split = values.split or ("all" if dataset == "image_folder" else None)
    try:
        check_data_settings(dataset, values.flag_values_dict())
        return DataConfig(
            dataset=dataset,
            image_dir=values.image_dir,
            data_dir=values.data_dir,
            manual_dir=values.manual_dir,
            split=split,
            crop=crop,
            background=values.background or DataConfig.background,
            all_pages=values.all_pages,
        )
    except ValueError as error:
        raise UsageError(error) from error


def run(values: flags.FlagValues) -> None:
    """Finds the duplicates, writes the list and the sheet."""
    data = build_config(values)
    if promises_other_format(values.output, ".txt"):
        raise UsageError(
            f"--output={values.output}: a list of names is written there, as "
            "text, and its sheet beside it, as .png; name a .txt file"
        )
    output = Path(values.output)
    if values.runner != _LOCAL_RUNNER:
        _log.warning(
            "--runner=%s is experimental: only %s has been run",
            values.runner,
            _LOCAL_RUNNER,
        )
    check_output(output)
    if values.work_dir:
        check_output(values.work_dir, is_folder=True, flag="work_dir")
    import_tensorflow()
    pipeline = _import_pipeline()
    from dcgan_tf.data.dedup.codes import THUMBNAIL, train_encoder
    from dcgan_tf.data.open_source import load_source
    from dcgan_tf.data.pipeline import load_images

    source = load_source(data)
    if source.read is None:
        raise ValueError(
            f"{source.name} can only be read in order; prepare it as TFRecord "
            "files on a disk of this machine"
        )
    images = format_count(source.num_examples, "image")
    print(escape_controls(f"{source.name}: {images} ({source.split})"))
    sample, _ = load_images(source, THUMBNAIL, data, values.sample)
    encoder = train_encoder(sample, values.steps, values.seed)
    print(f"Trained the autoencoder on {len(sample)} of them", flush=True)
    groups = pipeline.find_duplicates(
        data, source.split, source.num_examples, encoder, values.max_bits,
        values.runner, values.runner_option, values.work_dir,
    )  # fmt: skip
    num_dropped = _write_list(output, source, groups)
    option = shlex.quote(f"--exclude={output}")
    print(
        f"{format_count(len(groups), 'group')} of near-duplicates; "
        f"{format_count(num_dropped, 'image')} to leave out, listed in "
        f"{output}: train with {option}"
    )
    sheet = output.with_suffix(".png")
    if not groups and sheet.is_file():
        # It is of another list, and would seem to be of this one.
        _say_kept(sheet, set_aside(sheet))
    if groups:
        _save_sheet(sheet, source, data, groups, pipeline)
        print(f"The largest groups are in {sheet}, the one that stays first")


def _import_pipeline():
    # Importing Beam warns about clients of services that nobody asked for.
    logging.disable(logging.WARNING)
    try:
        from dcgan_tf.data.dedup import pipeline
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("apache_beam"):
            raise
        raise ImportError(
            "Apache Beam is not installed; pip install 'dcgan_tf[dedup]'"
        ) from None
    finally:
        logging.disable(logging.NOTSET)
    return pipeline


def _write_list(output: Path, source, groups) -> int:
    found = [source.name_of(i) for group in groups for i in group[1:]]
    names = sorted(name for name in found if can_be_listed(name))
    if others := sorted({*found} - {*names}):
        count = format_count(len(others), "duplicate")
        print(
            f"{count}, such as {others[0]!r}, can't be listed and will stay "
            "in, since a list has one name a line; rename the files"
        )
    text = "".join(f"{name}\n" for name in names)
    with scratch.new_folder(output.parent):
        _say_kept(output, save_anew(output, text, errors="surrogateescape"))
    return len(names)


def _say_kept(path: Path, kept: Path | None) -> None:
    if kept is not None:
        print(f"{path.name} held something else: kept as {kept.name}")


def _save_sheet(path: Path, source, data, groups, pipeline) -> None:
    import numpy as np

    from dcgan_tf.images import make_grid, save_png

    rows = []
    for group in sorted(groups, key=len, reverse=True)[:_SHEET_ROWS]:
        shown = pipeline.load_thumbnails(source, data, group[:_SHEET_COLUMNS])
        blank = _SHEET_COLUMNS - len(shown)
        rows.append(
            np.pad(shown, ((0, blank), *[(0, 0)] * 3), constant_values=255)
        )
    save_png(path, make_grid(np.concatenate(rows), _SHEET_COLUMNS))


def main(argv=None) -> int:
    """Runs the command; returns its exit code."""
    return run_command(_NAME, __doc__, define_flags, run, argv)


if __name__ == "__main__":
    sys.exit(main())
