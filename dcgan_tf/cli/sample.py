"""Draws pictures from a trained run or an export, without a server.

Writes one grid if --output ends in .png, else a folder of single files,
each named after the seed that the exported generator's `sample` signature
gives the same picture for.
"""

import sys
from pathlib import Path

import numpy as np
from absl import flags

from dcgan_tf.cli.command import (
    UsageError,
    import_tensorflow,
    run_command,
)
from dcgan_tf.cli.path_flags import (
    SEEDS_PER_SEED,
    define_path,
    define_seed,
    promises_other_format,
)

_BATCH_SIZE = 64


def define_flags(values: flags.FlagValues) -> None:
    """Defines the command's flags."""
    options = {"flag_values": values}
    define_path("run_dir", None, "A trained run.", values)
    define_path("export_dir", None, "An export of one.", values)
    flags.DEFINE_string(
        "checkpoint", "latest", "Of the run: latest, best or a step.", **options
    )
    flags.DEFINE_integer(
        "num", 64, "Pictures.", lower_bound=1, upper_bound=SEEDS_PER_SEED,
        **options,
    )  # fmt: skip
    define_seed(0, "Another one gives other pictures.", values)
    flags.DEFINE_integer(
        "label", None, "Class to draw, of a conditional run (all in turn).",
        **options,
    )  # fmt: skip
    define_path("output", "samples.png", "A .png file or a folder.", values)


def run(values: flags.FlagValues) -> None:
    """Draws and writes the pictures."""
    if (values.run_dir is None) == (values.export_dir is None):
        raise UsageError("give one of --run_dir and --export_dir")
    if promises_other_format(values.output, ".png"):
        name = Path(values.output).with_suffix(".png")
        raise UsageError(
            f"--output={values.output}: pictures are written as PNG; name "
            f"{name}, or a folder"
        )
    import_tensorflow()
    seeds = np.arange(values.num, dtype=np.int64)
    seeds += values.seed * SEEDS_PER_SEED
    if values.run_dir is not None:
        draw = _load_run(values.run_dir, values.checkpoint, values.label)
    else:
        draw = _load_export(values.export_dir, values.label)
    pictures = np.concatenate(
        [
            draw(seeds[start : start + _BATCH_SIZE])
            for start in range(0, len(seeds), _BATCH_SIZE)
        ]
    )
    _save(pictures, seeds, Path(values.output))
    print(f"{len(pictures)} pictures: {values.output}")


def _load_run(run_dir: str, checkpoint: str, label: int | None):
    import tensorflow as tf

    from dcgan_tf import images
    from dcgan_tf.latents import latents_from_seeds
    from dcgan_tf.runs.trained_model import load_networks

    networks = load_networks(run_dir, checkpoint)
    model = networks.config.model

    def draw(seeds):
        inputs = latents_from_seeds(seeds, model.latent_dim)
        if model.num_classes:
            labels = _choose_labels(seeds, label, model.num_classes)
            inputs = [inputs, tf.constant(labels)]
        return images.to_uint8(networks.generator(inputs)).numpy()

    if label is not None:
        _check_label(label, model.num_classes)
    return draw


def _load_export(export_dir: str, label: int | None):
    from dcgan_tf.serving.saved_model import load_generator_signatures

    loaded = load_generator_signatures(export_dir)
    if label is not None:
        _check_label(label, loaded.num_classes)

    def draw(seeds):
        inputs = {"seeds": seeds}
        if loaded.num_classes:
            inputs["labels"] = _choose_labels(seeds, label, loaded.num_classes)
        return loaded.sample(**inputs)["images"].numpy()

    return draw


def _choose_labels(seeds, label: int | None, num_classes: int) -> np.ndarray:
    if label is None:
        return (seeds % num_classes).astype(np.int32)
    return np.full(len(seeds), label, np.int32)


def _check_label(label: int, num_classes: int) -> None:
    if not num_classes:
        raise UsageError(
            f"--label={label} for an unconditional generator; leave it out"
        )
    if not 0 <= label < num_classes:
        raise UsageError(f"--label={label}: use 0 to {num_classes - 1}")


def _save(pictures: np.ndarray, seeds: np.ndarray, output: Path) -> None:
    from dcgan_tf import images

    if output.suffix.lower() == ".png":
        images.save_png(output, images.make_grid(pictures))
        return
    for picture, seed in zip(pictures, seeds, strict=True):
        images.save_png(output / f"seed-{seed}.png", picture, "sample")


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return run_command(
        "python -m dcgan_tf.cli.sample", __doc__, define_flags, run, argv
    )


if __name__ == "__main__":
    sys.exit(main())
