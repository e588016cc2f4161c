"""Draws samples from a trained run or an export, without a server.

Writes one grid if --output ends in .png and is no folder, else a folder of
single files, each named after the seed that the exported generator's `sample`
signature gives the same image for, and after --label's class, if that is given.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from absl import flags

from dcgan_tf.cli.command import (
    UsageError,
    import_tensorflow,
    run_command,
)
from dcgan_tf.cli.flag_kinds import define_path, define_seed
from dcgan_tf.cli.model_flags import define_checkpoint, load_model
from dcgan_tf.cli.paths import check_output, promises_other_format
from dcgan_tf.counted import format_count
from dcgan_tf.seeds import SEEDS_PER_SEED, make_seeds


def define_flags(values: flags.FlagValues) -> None:
    """Defines the command's flags."""
    options = {"flag_values": values}
    define_path(
        "run_dir",
        None,
        "A trained run; this or --export_dir is needed.",
        values,
    )
    define_path(
        "export_dir", None, "An export of a run. Default: none.", values
    )
    define_checkpoint(values)
    flags.DEFINE_integer(
        "num", 64, "Images to draw.", lower_bound=1, upper_bound=SEEDS_PER_SEED,
        **options,
    )  # fmt: skip
    define_seed(0, "Another one gives other samples.", values)
    flags.DEFINE_string(
        "label", None, "Class to draw, of a conditional run: its name or its "
        "number. Default: all classes in turn.",
        **options,
    )  # fmt: skip
    define_path("output", "samples.png", "A .png file or a folder.", values)


def run(values: flags.FlagValues) -> None:
    """Draws and writes the samples."""
    if (values.run_dir is None) == (values.export_dir is None):
        raise UsageError("give one of --run_dir and --export_dir")
    if promises_other_format(values.output, ".png"):
        name = Path(values.output).with_suffix(".png")
        raise UsageError(
            f"--output={values.output}: samples are written as PNG; name "
            f"{name}, or a folder"
        )
    is_grid = _is_grid(values.output)
    if not is_grid and Path(values.output).is_file():
        raise UsageError(
            f"--output={values.output} is a file; name a folder, or a .png file"
        )
    check_output(values.output, not is_grid)
    import_tensorflow()
    model = load_model(values, values.run_dir, values.export_dir)
    label = None
    if values.label is not None:
        label = _find_label(values.label, model)
    seeds = make_seeds(values.seed, values.num)
    samples = model.sample_from_seeds(seeds, label)
    ending = "" if label is None else f"-class-{label}"
    names = [f"seed-{seed}{ending}.png" for seed in seeds]
    _save(samples, names, Path(values.output), is_grid)
    print(f"{format_count(len(samples), 'sample')}: {values.output}")
    print(f"drawn at {_describe_step(values, model)}")


def _describe_step(values, model) -> str:
    from dcgan_tf.runs.checkpoint_choice import describe_checkpoint

    if values.run_dir is None:
        return f"step {model.step}"
    return describe_checkpoint(values.run_dir, model.step)


def _find_label(label: str, model) -> int:
    from dcgan_tf.runs.class_names import find_label

    num_classes = model.config.model.num_classes
    if not num_classes:
        raise UsageError(
            f"--label={label} for an unconditional generator; leave it out"
        )
    try:
        return find_label(label, model.class_names, num_classes)
    except ValueError as error:
        raise UsageError(f"--label={error}") from error


def _is_grid(output: str) -> bool:
    """Whether a path names a file of a grid, not a folder of single ones."""
    return output.lower().endswith(".png") and not os.path.isdir(output)


def _save(
    samples: np.ndarray, names: Sequence[str], output: Path, is_grid: bool
) -> None:
    from dcgan_tf import images

    if is_grid:
        images.save_png(output, images.make_grid(samples))
        return
    for sample, name in zip(samples, names, strict=True):
        images.save_png(output / name, sample, "sample")


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return run_command(
        "python -m dcgan_tf.cli.sample", __doc__, define_flags, run, argv
    )


if __name__ == "__main__":
    sys.exit(main())
