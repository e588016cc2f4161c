"""Evaluates a run: distances, classifiers on its features, copying.

Prints a table and writes evaluation/<step>.json and figures into the run's
folder. Give --compare and several runs for the same table side by side.
"""

import dataclasses
import functools
import sys

from absl import flags

from dcgan_tf.cli.command import UsageError, import_tensorflow, run_command
from dcgan_tf.cli.flag_kinds import define_path, define_seed
from dcgan_tf.cli.model_flags import (
    check_moved_data,
    define_checkpoint,
    define_moved_data,
    find_moved_data,
    load_model,
)
from dcgan_tf.cli.paths import resolve_arguments
from dcgan_tf.cli.probe_flags import (
    check_probe_flags,
    define_probe_flags,
    find_probe_data,
    find_probe_labels,
)
from dcgan_tf.config import DataConfig
from dcgan_tf.evaluation.linear_probe.protocols import PROTOCOLS
from dcgan_tf.evaluation.settings import (
    FEATURE_EXTRACTORS,
    LEAST_SAMPLES,
    MEASURES,
    MOST_SAMPLES,
    Settings,
)
from dcgan_tf.output import escape_controls


def define_flags(values: flags.FlagValues) -> None:
    """Defines the command's flags."""
    # Flags may follow the runs to compare.
    values.set_gnu_getopt()
    options = {"flag_values": values}
    define_path("run_dir", None, "The run. Default: runs/mnist_5k.", values)
    define_path(
        "export_dir",
        None,
        "An export to evaluate instead of a run. Default: none.",
        values,
    )
    define_checkpoint(values)
    flags.DEFINE_list(
        "measures", ["all"], f"all, none, or some of {', '.join(MEASURES)}. "
        "one_nn is for conditional runs, segmentation for digits. A probe on "
        "other images than the run's own is alone unless this is given.",
        **options,
    )  # fmt: skip
    flags.DEFINE_enum(
        "features", "auto", FEATURE_EXTRACTORS, "Extractor whose features "
        "distances are measured in; auto: classifier where images have "
        "classes, else random.", **options,
    )  # fmt: skip
    define_path(
        "inception_path", None, "File of the 2015 graph, for "
        "--features=inception: classify_image_graph_def.pb. Default: none.",
        values,
    )  # fmt: skip
    flags.DEFINE_enum(
        "probe", None, tuple(PROTOCOLS), "Linear classifiers on D's "
        "features, by protocol; few_labels is for any dataset with classes. "
        "Default: none.",
        **options,
    )  # fmt: skip
    define_probe_flags(values)
    flags.DEFINE_integer(
        "num_samples", 2_000, "Generated images, and real ones at most.",
        lower_bound=LEAST_SAMPLES, upper_bound=MOST_SAMPLES, **options,
    )  # fmt: skip
    define_seed(0, "Of samples, networks and draws.", values)
    define_path(
        "cache_dir", None, "Folder where trained classifiers are kept. "
        "Default: ~/.cache/dcgan_tf.", values,
    )  # fmt: skip
    define_moved_data(values)
    define_path(
        "held_out_dir", None, "Folder of images that the run was not trained "
        "on, to measure by instead of those held out. Default: the run's.",
        values,
    )  # fmt: skip
    flags.DEFINE_boolean(
        "compare", False, "Compare the runs that are given as arguments.",
        **options,
    )  # fmt: skip


def run(values: flags.FlagValues) -> None:
    """Evaluates as the flags say and prints the tables."""
    _check_flags(values)
    settings = _build_settings(values)
    run_dirs = resolve_arguments(values.positional)
    import_tensorflow()
    from dcgan_tf.evaluation.comparison import format_comparison
    from dcgan_tf.evaluation.tables import format_result
    from dcgan_tf.runs.folder import load_run_config

    if values.compare:
        for run_dir in run_dirs:
            load_run_config(run_dir)  # Or refuse, before any takes its time.
        results = [
            _evaluate(values, settings, run_dir, None) for run_dir in run_dirs
        ]
        _print_lines(format_comparison(results))
        return
    run_dir = values.run_dir
    if run_dir is None and values.export_dir is None:
        run_dir = "runs/mnist_5k"
    result = _evaluate(values, settings, run_dir, values.export_dir)
    _print_lines(format_result(result))


def _print_lines(text: str) -> None:
    for line in text.split("\n"):
        print(escape_controls(line))


def _check_flags(values: flags.FlagValues) -> None:
    """Refuses flags that contradict each other, whatever their values."""
    if values.compare and len(values.positional) < 2:
        raise UsageError("--compare takes two runs or more: --compare R1 R2")
    if values.compare and (values.run_dir or values.export_dir):
        raise UsageError(
            "give --compare the runs as arguments: --compare R1 R2"
        )
    if values.positional and not values.compare:
        raise UsageError(
            f"unexpected argument {values.positional[0]!r}; one run is given "
            "as --run_dir, several with --compare"
        )
    if values.run_dir and values.export_dir:
        raise UsageError("give one of --run_dir and --export_dir")
    check_moved_data(values)
    check_probe_flags(values)


def _build_settings(values: flags.FlagValues) -> Settings:
    """Turns flags into settings, before TensorFlow takes its time.

    Raises:
        UsageError: If a value is out of range or contradicts another.
    """
    try:
        return Settings(
            measures=_choose_measures(values),
            feature_extractor=values.features,
            inception_path=values.inception_path,
            probe=values.probe,
            probe_data=find_probe_data(values),
            probe_split=values.probe_split,
            probe_rows=(
                None
                if values.probe_rows == ["all"]
                else tuple(values.probe_rows)
            ),
            probe_labels=find_probe_labels(values),
            num_samples=values.num_samples,
            seed=values.seed,
            cache_dir=values.cache_dir,
        )
    except ValueError as error:
        raise UsageError(error) from error


def _choose_measures(values: flags.FlagValues) -> tuple[str, ...]:
    is_transfer = find_probe_data(values) is not None
    # What is asked for then needs none of the run's own data.
    if is_transfer and not values["measures"].present:
        return ()
    if values.measures == ["all"]:
        return MEASURES
    return () if values.measures == ["none"] else tuple(values.measures)


def _evaluate(values, settings, run_dir, export_dir) -> dict:
    from dcgan_tf.evaluation.evaluate import evaluate_and_save

    def log(message: str) -> None:
        line = escape_controls(f"  {message} ...")
        print(line, file=sys.stderr, flush=True)

    find_data = functools.partial(_find_data, values)
    model = load_model(values, run_dir, export_dir, find_data)
    print(f"{model.name}, step {model.step}:", file=sys.stderr)
    result, written = evaluate_and_save(model, settings, log)
    for path in written:
        print(f"  written: {path}", file=sys.stderr)
    return result


def _find_data(values: flags.FlagValues, data: DataConfig) -> DataConfig | None:
    """Returns a run's data as the flags have it; None without them."""
    moved = find_moved_data(data, values, is_one_of_many=values.compare)
    if values.held_out_dir is None:
        return moved
    return dataclasses.replace(moved or data, held_out_dir=values.held_out_dir)


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return run_command(
        "python -m dcgan_tf.cli.evaluate",
        __doc__,
        define_flags,
        run,
        argv,
        positional="[RUN ...]",
    )


if __name__ == "__main__":
    sys.exit(main())
