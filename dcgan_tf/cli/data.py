"""Shows what the networks will see of a collection of images.

Writes a contact sheet of the first 64 images after crop and resize, and
prints counts, sizes, colours, files that can't be used, and warnings.
"""

import sys
from pathlib import Path

from absl import flags

from dcgan_tf.cli.command import UsageError, import_tensorflow, run_command
from dcgan_tf.cli.flag_kinds import define_path
from dcgan_tf.cli.paths import check_output
from dcgan_tf.cli.setting_flags import define_settings
from dcgan_tf.config import RunConfig
from dcgan_tf.counted import format_count
from dcgan_tf.image_sizes import format_image_size
from dcgan_tf.output import escape_controls
from dcgan_tf.presets import resolve_run_config

_NAME = "python -m dcgan_tf.cli.data"
_NUM_SHOWN = 64
_NUM_NAMED = 10

_SETTINGS = (
    "dataset", "split", "image_dir", "data_dir", "manual_dir", "exclude",
    "labels", "condition_on", "all_pages", "preset", "image_size", "channels",
    "crop", "fit", "background",
)  # fmt: skip


def define_flags(values: flags.FlagValues) -> None:
    """Defines the command's flags; None stands for the dataset's default."""
    define_settings(
        _SETTINGS,
        values,
        dataset="mnist_5k (embedded), toy_faces (drawn), or an image dataset "
        "of TFDS: celeb_a, mnist, cifar10, ...",
        split="Which part, such as train or test.",
        condition_on="Name of one of several attributes, or of a column of "
        "--labels, to take for the classes.",
        preset="Networks whose sizes to show.",
        image_size="Size of the images in pixels, SIDE or HEIGHTxWIDTH.",
        crop="Side in pixels of a centred square to cut out first.",
    )
    define_path(
        "output", "contact_sheet.png", "The contact sheet, a PNG file.", values
    )


def build_config(values: flags.FlagValues) -> RunConfig:
    """Turns flags into settings, as training would.

    Raises:
        UsageError: If a value is out of range or contradicts another.
    """
    settings = {name: values[name].value for name in _SETTINGS}
    try:
        return resolve_run_config(settings)
    except ValueError as error:
        raise UsageError(error) from error


def run(values: flags.FlagValues) -> None:
    """Examines the collection and reports."""
    config = build_config(values)
    output = Path(values.output)
    if output.suffix.lower() != ".png":
        raise UsageError(f"--output {values.output!r} is no PNG file's name")
    check_output(output)
    import_tensorflow()
    from dcgan_tf.data.open_source import load_source
    from dcgan_tf.data.survey import examine
    from dcgan_tf.data.survey_warnings import find_warnings
    from dcgan_tf.images import make_grid, save_png

    source = load_source(config.data)
    survey = examine(source, config.model, config.data, _NUM_SHOWN)
    save_png(output, make_grid(survey.images))
    _print_counts(source, survey)
    _print_skipped(source)
    size = format_image_size(config.model.image_size)
    colours = {1: "grey", 3: "RGB", 4: "RGBA"}[config.model.channels]
    _print_line(
        f"The networks will see {size} {colours}; the first "
        f"{len(survey.images)} are in {output}"
    )
    for warning in find_warnings(source, survey, config.model, config.data):
        _print_line(f"Warning: {warning}")


def _print_line(line: str) -> None:
    """Prints one line, whatever the names in it."""
    print(escape_controls(line))


def _print_counts(source, survey) -> None:
    count = source.num_examples - survey.num_unreadable
    held_out = source.num_held_out
    more = f", {held_out} more held out" if held_out else ""
    _print_line(f"{source.name}: {count} images ({source.split}){more}")
    if source.label_names:
        names = ", ".join(source.label_names[:_NUM_NAMED])
        more = ", ..." if source.num_classes > _NUM_NAMED else ""
        _print_line(f"{source.num_classes} classes: {names}{more}")
    if source.attribute_names:
        names = ", ".join(source.attribute_names[:_NUM_NAMED])
        more = ", ..." if len(source.attribute_names) > _NUM_NAMED else ""
        _print_line(f"{len(source.attribute_names)} attributes: {names}{more}")
    if survey.num_examined < count:
        _print_line(f"The first {survey.num_examined} of them were examined:")
    (low_height, low_width), (high_height, high_width) = (
        survey.sizes.min(axis=0),
        survey.sizes.max(axis=0),
    )
    _print_line(
        f"Sizes: {low_width} to {high_width} pixels wide, {low_height} to "
        f"{high_height} high"
    )
    num_grey = int(survey.is_grey.sum())
    _print_line(
        f"Channels: {num_grey} grey, {survey.num_examined - num_grey} colour"
    )
    if source.level_range is not None:
        low, high = source.level_range
        _print_line(
            f"Levels of more than 8 bits: {low:g} to {high:g} become 0 to 255"
        )


def _print_skipped(source) -> None:
    skipped = source.skipped
    if cut := skipped.describe_cut():
        _print_line(f"{cut[0].upper()}{cut[1:]}")
    if skipped.own_output:
        first, *others = skipped.own_output
        more = f" and {len(others)} more" if others else ""
        _print_line(f"Left out, since dcgan_tf made it: {first}{more}")
    if skipped.hidden:
        _print_line(
            f"Passed over, hidden or a system's own: {len(skipped.hidden)} "
            f"({skipped.summarize_hidden()})"
        )
    if len(skipped):
        files = format_count(len(skipped), "file")
        _print_line(f"Skipped: {files} ({skipped.summarize()})")
    if skipped.beside:
        _print_line(
            "Beside the images: "
            f"{format_count(len(skipped.beside), 'other file')} "
            f"({skipped.summarize_beside()})"
        )


def main(argv=None) -> int:
    """Runs the command; returns its exit code."""
    return run_command(_NAME, __doc__, define_flags, run, argv)


if __name__ == "__main__":
    sys.exit(main())
