"""Trains a DCGAN on any collection of pictures.

Without flags: on the 5,000 handwritten digits that come with the package.
The same command again goes on where it stopped.
"""

import os
import shlex
import sys
from pathlib import Path

from absl import flags

from dcgan_tf.cli.command import (
    UsageError,
    format_command,
    import_tensorflow,
    print_error,
    run_command,
)
from dcgan_tf.cli.interruption import EXIT_INTERRUPTED
from dcgan_tf.cli.path_flags import define_path, define_seed
from dcgan_tf.config import CACHES, PRECISIONS, STRATEGIES, RunConfig
from dcgan_tf.image_sizes import parse_image_size
from dcgan_tf.presets import PRESETS, resolve_run_config

_STRINGS = {
    "dataset": "mnist_5k (embedded, the default), toy_faces (drawn), or an "
    "image dataset of TFDS: celeb_a, mnist, cifar10, svhn_cropped, ...",
    "split": "Split to train on, such as 'train[:90%]'.",
    "background": "Colour under transparent pictures (white).",
    "image_size": "Pixels, SIDE or HEIGHTxWIDTH, 16 to 256.",
    "strategy": f"One of {', '.join(STRATEGIES)} (auto). tpu, and "
    "multi_worker under Slurm, are experimental: never run on such machines.",
    "tpu": "Name or address of the TPU, for --strategy=tpu (experimental).",
}
_PATHS = {
    "image_dir": "Folder of your own pictures, nested or flat.",
    "data_dir": "Where TFDS keeps prepared datasets.",
    "manual_dir": "Where TFDS finds files fetched by hand.",
    "exclude": "File of picture names to leave out, one a line.",
    "run_dir": "The run's folder (runs/<dataset>).",
    "init_from": "RUN or RUN@STEP: start a new run from another's networks.",
}
_INTEGERS = {
    "crop": "Side in pixels of the centre square cut out before resizing; 0 "
    "for the largest crop of the images' aspect (celeb_a: 108, the face).",
    "channels": "1 (grey) or 3 (RGB).",
    "latent_dim": "Length of a latent.",
    "base_filters": "Filters of the convolution nearest the image.",
    "kernel_size": "Side of every kernel, in pixels.",
    "steps": "Updates of each network.",
    "batch_size": "Images a step, over all replicas.",
    "report_every": "Steps between lines of metrics (50).",
    "sample_every": "Steps between sample grids (500).",
    "checkpoint_every": "Steps between checkpoints (500).",
    "eval_every": "Steps between evaluations that find the best checkpoint "
    "(0: none).",
    "keep_checkpoints": "Last checkpoints to keep (3).",
    "cpu_devices": "Logical devices to split the CPU into, to try "
    "--strategy=mirrored without GPUs (1).",
}
_FLOATS = {
    "learning_rate": "Adam's, for both networks (0.0002; digits 0.0004).",
    "beta_1": "Adam's first-moment decay (0.5).",
    "ema_decay": "Of the moving averages of weights; 0: off (0.999).",
    "label_smoothing": "Subtracted from D's target for real images (0).",
    "weight_decay": "L2 on every parameter (0; digits 2.5e-5).",
}
_BOOLEANS = {
    "flip": "Mirror half of the images left to right.",
    "conditional": "Condition both networks on the labels.",
    "deterministic": "Give the same bits each time.",
    "diff_augment": "Differentiable augmentation before D, for few images.",
}
_ENUMS = {
    "preset": (tuple(PRESETS), "Networks to start from."),
    "cache": (CACHES, "Where decoded images are kept (auto)."),
    "precision": (
        PRECISIONS,
        "auto: mixed_bfloat16 where the hardware has it, else float32.",
    ),
}
# Flags that are no setting of the run's.
_OTHER_FLAGS = ("run_dir", "init_from", "conditional", "cpu_devices")


def define_flags(values: flags.FlagValues) -> None:
    """Defines the command's flags; None stands for the dataset's default."""
    for define, table in (
        (flags.DEFINE_string, _STRINGS),
        (flags.DEFINE_integer, _INTEGERS),
        (flags.DEFINE_float, _FLOATS),
        (flags.DEFINE_boolean, _BOOLEANS),
    ):
        for name, help_text in table.items():
            define(name, None, help_text, flag_values=values)
    for name, help_text in _PATHS.items():
        define_path(name, None, help_text, values)
    define_seed(
        None,
        "Decides initial weights, data order and latents (0).",
        values,
        is_of_training=True,
    )
    for name, (choices, help_text) in _ENUMS.items():
        flags.DEFINE_enum(name, None, choices, help_text, flag_values=values)


def build_config(values: flags.FlagValues) -> RunConfig:
    """Turns flags into a run's settings.

    Raises:
        UsageError: If a value is out of range or contradicts another.
    """
    names = {
        *_STRINGS, *_PATHS, *_INTEGERS, *_FLOATS, *_BOOLEANS, *_ENUMS, "seed"
    }  # fmt: skip
    settings = {
        name: values[name].value for name in names.difference(_OTHER_FLAGS)
    }
    try:
        if settings["image_size"] is not None:
            settings["image_size"] = parse_image_size(settings["image_size"])
        return resolve_run_config(settings)
    except ValueError as error:
        raise UsageError(error) from error


def get_default_run_dir(config: RunConfig) -> Path:
    """Returns `runs/<dataset>`, or `runs/<image folder>`."""
    name = config.data.dataset
    if config.data.image_dir:
        name = Path(config.data.image_dir).resolve().name
    return Path("runs") / name.replace("/", "_").replace(":", "_")


def run(values: flags.FlagValues) -> int:
    """Trains as the flags say; returns the exit code."""
    config = build_config(values)
    run_dir = values.run_dir or get_default_run_dir(config)

    if "TF_CONFIG" in os.environ:
        # TensorFlow's own account of a lost worker is pages long; ours is one
        # line. A level in the environment still counts.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Slow, so only once the flags are known to be good.
    import_tensorflow()
    from dcgan_tf.training.distribution.workers import WorkerLostError

    try:
        return _train(values, config, run_dir)
    except WorkerLostError as error:
        print_error("train.py", error)
        return EXIT_INTERRUPTED


def _train(
    values: flags.FlagValues, config: RunConfig, run_dir: str | os.PathLike
) -> int:
    import keras
    import tensorflow as tf

    from dcgan_tf.data.cache import get_store
    from dcgan_tf.data.open_source import load_source
    from dcgan_tf.data.pipeline import check_batch_size
    from dcgan_tf.kernels.precision import resolve_precision
    from dcgan_tf.runs import folder
    from dcgan_tf.training import loop
    from dcgan_tf.training.distribution import workers
    from dcgan_tf.training.distribution.strategy import build_strategy

    if values.cpu_devices:
        _split_cpu(values.cpu_devices)
    if config.training.deterministic:
        # NumPy's global generator takes 32 bits.
        keras.utils.set_random_seed(config.training.seed % 2**32)
        tf.config.experimental.enable_op_determinism()
    # Before anything runs: several workers connect here.
    strategy = build_strategy(config.training.strategy, config.training.tpu)
    if not values.conditional:
        folder.check_run_dir(run_dir, config)
    source = load_source(config.data)
    check_batch_size(source, config.training.batch_size)
    if values.conditional:
        config = _add_labels(config, source)
    # Now, so that a folder of unreadable pictures leaves no run behind.
    get_store(source, config.model, config.data)
    evaluator = None
    if config.training.eval_every:
        from dcgan_tf.evaluation.checkpoint_selection import (
            build_quick_evaluator,
        )

        evaluator = build_quick_evaluator(config)
    precision = resolve_precision(
        config.training.precision, strategy.num_replicas_in_sync
    )
    with workers.lost_workers_named(strategy):
        result = loop.train(
            config,
            run_dir,
            source,
            strategy,
            precision,
            values.init_from,
            evaluator,
        )
    if workers.is_chief(strategy):
        _print_result(result, run_dir, config)
        if source.num_skipped:
            print(f"{source.num_skipped} files were left out as unreadable.")
    return EXIT_INTERRUPTED if result.was_interrupted else 0


def _split_cpu(num_devices: int) -> None:
    import tensorflow as tf

    try:
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0],
            [tf.config.LogicalDeviceConfiguration()] * num_devices,
        )
    except RuntimeError as error:
        count = len(tf.config.list_logical_devices("CPU"))
        if count != num_devices:
            raise ValueError(
                f"--cpu_devices={num_devices}: TensorFlow has started in this "
                f"process with {count}; give the flag in a new process"
            ) from error


def _add_labels(config: RunConfig, source) -> RunConfig:
    import dataclasses

    if not source.num_classes:
        raise ValueError(
            f"dataset {source.name!r} has no class labels to condition on; "
            "leave --conditional out, or sort a folder's pictures into one "
            "subfolder a class"
        )
    model = dataclasses.replace(config.model, num_classes=source.num_classes)
    return dataclasses.replace(config, model=model)


def _print_result(result, run_dir: str | os.PathLike, config: RunConfig):
    where = os.fspath(run_dir)
    if result.was_complete:
        print(
            f"{where} is complete: {result.step} steps. Give more --steps to "
            "go on, or another --run_dir to start anew."
        )
    elif result.was_interrupted:
        print(
            f"Stopped after step {result.step} of {config.training.steps}; "
            "checkpoint saved. The same command goes on from there."
        )
    else:
        logdir = f"--logdir={where}/logs"
        print(
            f"Done: {result.step} steps.\n"
            f"  samples      {where}/samples (samples.gif shows them all)\n"
            f"  losses       {where}/losses.png\n"
            f"  TensorBoard  tensorboard {shlex.quote(logdir)}\n"
            f"  export       {format_command('export', run_dir=where)}"
        )


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return run_command("train.py", __doc__, define_flags, run, argv)


if __name__ == "__main__":
    sys.exit(main())
