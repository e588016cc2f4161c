"""Exports a trained run: for servers, phones and browsers.

Formats: saved_model (TensorFlow Serving and other languages), tflite (LiteRT
files in four precisions) and web (a page that draws in the visitor's
browser). Every export gets the next version number in --export_dir, complete
or not at all.
"""

import sys
from pathlib import Path

from absl import flags

from dcgan_tf.cli.command import UsageError, import_tensorflow, run_command
from dcgan_tf.cli.flag_kinds import define_path
from dcgan_tf.cli.model_flags import (
    check_moved_data,
    define_checkpoint,
    define_moved_data,
    find_moved_data,
)
from dcgan_tf.serving.formats import FORMATS, check_formats


def define_flags(values: flags.FlagValues) -> None:
    """Defines the command's flags."""
    options = {"flag_values": values}
    define_path("run_dir", "runs/mnist_5k", "The trained run.", values)
    define_path(
        "export_dir",
        None,
        "Folder where versions go. Default: exports/RUN.",
        values,
    )
    define_checkpoint(values)
    flags.DEFINE_list(
        "formats", ["saved_model"], f"Any of {', '.join(FORMATS)}.", **options
    )
    define_moved_data(values)
    flags.DEFINE_integer(
        "keep_versions", 0, "Newest versions to keep; 0 keeps all.",
        lower_bound=0, **options,
    )  # fmt: skip
    flags.DEFINE_boolean(
        "single_file", False,
        "Also write the page as one file that works from disk.", **options,
    )  # fmt: skip


def run(values: flags.FlagValues) -> None:
    """Exports the run and prints what was made."""
    _check_flags(values)
    # Importing TensorFlow takes seconds; a bad flag is refused before.
    import_tensorflow()
    from dcgan_tf.runs.checkpoint_choice import describe_checkpoint
    from dcgan_tf.runs.folder import load_run_config
    from dcgan_tf.serving.export import export_run

    config = load_run_config(values.run_dir)
    export_dir = Path(values.export_dir or "exports")
    if values.export_dir is None:
        export_dir /= Path(values.run_dir).resolve().name
    export = export_run(
        values.run_dir,
        export_dir,
        checkpoint=values.checkpoint,
        formats=values.formats,
        real_data=find_moved_data(config.data, values),
        keep_versions=values.keep_versions,
        single_file=values.single_file,
    )
    _print_table(export)
    print(f"version {export.version} of step {export.step}: {export_dir}")
    used = describe_checkpoint(values.run_dir, export.step)
    if used != f"step {export.step}":
        print(f"exported {used}")


def _check_flags(values: flags.FlagValues) -> None:
    try:
        check_formats(values.formats, values.single_file)
    except ValueError as error:
        raise UsageError(error) from error
    check_moved_data(values)


def _print_table(export) -> None:
    header = ("part", "bytes", "error", "PSNR", "ms/image", "2 threads", "")
    rows = [header, *map(_format_row, export.parts)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *cells, remark in rows:
        line = [name.ljust(widths[0])]
        line += [
            cell.rjust(width)
            for cell, width in zip(cells, widths[1:-1], strict=True)
        ]
        print("  ".join([*line, remark]).rstrip())
    for path in export.removed:
        print(f"removed {path}")


def _format_row(part) -> tuple[str, ...]:
    size = f"{part.num_bytes:,}"
    check = part.check
    if check is None:
        return str(part.path), size, "", "", "", "", ""
    return (
        str(part.path),
        size,
        f"{check.largest_error:.1e}",
        f"{check.psnr:.1f} dB",
        *(f"{check.milliseconds[threads]:.2f}" for threads in (1, 2)),
        f"flawed: {check.problem}" if check.problem else "ok",
    )


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return run_command("export.py", __doc__, define_flags, run, argv)


if __name__ == "__main__":
    sys.exit(main())
