"""Says how good a run is: distances, classifiers on its features, copying.

Prints a table and writes evaluation/<step>.json and figures into the run's
folder. Give --compare and several runs for the same table side by side.
"""

import sys
from pathlib import Path

from absl import flags

from dcgan_tf.cli.command import UsageError, import_tensorflow, run_command
from dcgan_tf.cli.path_flags import (
    define_path,
    define_seed,
    resolve_arguments,
)

_MEASURES = (
    "frechet",
    "kernel",
    "precision_recall",
    "two_sample",
    "sliced_wasserstein",
    "class_score",
    "coverage",
    "copying",
    "one_nn",
    "segmentation",
)
_NETWORKS = ("auto", "classifier", "random", "inception")
_PROTOCOLS = ("few_labels", "svhn_1000", "cifar10")
_BATCH_SIZE = 250


def define_flags(values: flags.FlagValues) -> None:
    """Defines the command's flags."""
    # Flags may follow the runs to compare.
    values.set_gnu_getopt()
    options = {"flag_values": values}
    define_path("run_dir", None, "The run (runs/mnist_5k).", values)
    define_path(
        "export_dir", None, "An export to evaluate instead of a run.", values
    )
    flags.DEFINE_string(
        "checkpoint", "latest", "Of the run: latest, best or a step.", **options
    )
    flags.DEFINE_list(
        "measures", ["all"], f"all, none, or some of {', '.join(_MEASURES)}. "
        "one_nn is for conditional runs, segmentation for digits.", **options,
    )  # fmt: skip
    flags.DEFINE_enum(
        "features", "auto", _NETWORKS, "Network that distances are measured "
        "in; auto: classifier where images have classes, else random.",
        **options,
    )  # fmt: skip
    define_path(
        "inception_path", None, "File of the 2015 graph, for "
        "--features=inception: classify_image_graph_def.pb.", values,
    )  # fmt: skip
    flags.DEFINE_enum(
        "probe", None, _PROTOCOLS, "Linear classifiers on D's features, by "
        "protocol; few_labels is for any dataset with classes.", **options,
    )  # fmt: skip
    flags.DEFINE_integer(
        "num_samples", 2_000, "Generated images, and real ones at most.",
        lower_bound=10, **options,
    )  # fmt: skip
    define_seed(0, "Of samples, networks and draws.", values)
    define_path(
        "cache_dir", None, "Where trained classifiers are kept "
        "(~/.cache/dcgan_tf).", values,
    )  # fmt: skip
    define_path(
        "data_dir", None, "Where TFDS keeps the dataset, if it moved.", values
    )
    define_path("image_dir", None, "The run's pictures, if they moved.", values)
    flags.DEFINE_boolean(
        "compare", False, "Compare the runs that are given as arguments.",
        **options,
    )  # fmt: skip


def run(values: flags.FlagValues) -> None:
    """Evaluates as the flags say and prints the tables."""
    measures = _check_flags(values)
    run_dirs = resolve_arguments(values.positional)
    import_tensorflow()
    from dcgan_tf.evaluation.settings import Settings
    from dcgan_tf.evaluation.tables import format_comparison, format_result

    settings = Settings(
        measures=measures,
        network=values.features,
        inception_path=values.inception_path,
        probe=values.probe,
        num_samples=values.num_samples,
        seed=values.seed,
        cache_dir=values.cache_dir,
    )
    if values.compare:
        results = [
            _evaluate(values, settings, run_dir, None) for run_dir in run_dirs
        ]
        print(format_comparison(results))
        return
    run_dir = values.run_dir
    if run_dir is None and values.export_dir is None:
        run_dir = "runs/mnist_5k"
    print(
        format_result(_evaluate(values, settings, run_dir, values.export_dir))
    )


def _check_flags(values: flags.FlagValues) -> tuple[str, ...]:
    """Returns the measures."""
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
    if values.image_dir and values.data_dir:
        raise UsageError("give one of --data_dir and --image_dir")
    if (values.features == "inception") != (values.inception_path is not None):
        raise UsageError(
            "--features=inception and --inception_path go together"
        )
    if values.measures == ["all"]:
        return _MEASURES
    if values.measures == ["none"]:
        if not values.probe:
            raise UsageError("--measures=none without --probe leaves nothing")
        return ()
    unknown = sorted(set(values.measures) - set(_MEASURES))
    if unknown or not values.measures:
        raise UsageError(
            f"--measures={','.join(values.measures)}: use all, none, or some "
            f"of {', '.join(_MEASURES)}"
        )
    return tuple(values.measures)


def _evaluate(values, settings, run_dir, export_dir) -> dict:
    from dcgan_tf.evaluation.evaluate import evaluate
    from dcgan_tf.evaluation.tables import get_report_path, save_report

    subject = _load_subject(values, run_dir, export_dir)
    path = get_report_path(run_dir or export_dir, subject.step)

    def report(message: str) -> None:
        print(f"  {message} ...", file=sys.stderr, flush=True)

    print(f"{subject.name}, step {subject.step}:", file=sys.stderr)
    result = evaluate(subject, settings, path.parent, report)
    save_report(path, result)
    print(f"  written: {path}", file=sys.stderr)
    return result


def _load_subject(values, run_dir, export_dir):
    import dataclasses

    from dcgan_tf.evaluation.subject import load_run_subject

    if export_dir is not None:
        subject = _load_export_subject(export_dir)
    else:
        subject = load_run_subject(run_dir, values.checkpoint)
    data = subject.config.data
    if values.image_dir is not None:
        data = dataclasses.replace(
            data, dataset="image_folder", image_dir=values.image_dir
        )
    if values.data_dir is not None:
        data = dataclasses.replace(data, data_dir=values.data_dir)
    config = dataclasses.replace(subject.config, data=data)
    return dataclasses.replace(subject, config=config)


def _load_export_subject(export_dir: str):
    """Draws from an export's own graphs, as whoever deploys it would."""
    import numpy as np
    import tensorflow as tf

    from dcgan_tf.evaluation.real_images import make_labels, make_seeds
    from dcgan_tf.evaluation.subject import Subject
    from dcgan_tf.images import to_float
    from dcgan_tf.serving import saved_model, versions
    from dcgan_tf.tf_paths import load_saved_model

    signatures = saved_model.load_generator_signatures(export_dir)
    newest = versions.find_newest(Path(export_dir) / versions.GENERATOR)
    record = versions.load_record(newest)

    def draw_batches(count: int, seed: int):
        seeds = make_seeds(seed, count)
        labels = make_labels(count, signatures.num_classes)
        for start in range(0, count, _BATCH_SIZE):
            part = slice(start, start + _BATCH_SIZE)
            inputs = {"seeds": tf.constant(seeds[part])}
            if labels is not None:
                inputs["labels"] = tf.constant(labels[part])
            yield signatures.sample(**inputs)["images"].numpy()

    def build_features(training_images):
        # Statistics were re-estimated by the export.
        folder = Path(export_dir) / versions.FEATURES
        loaded = load_saved_model(versions.find_newest(folder))

        def compute(images):
            # Through `loaded`, which must live as long as its signatures.
            extract = loaded.signatures["serving_default"]
            return np.concatenate(
                [
                    extract(images=to_float(images[i : i + _BATCH_SIZE]))[
                        "features"
                    ]
                    for i in range(0, len(images), _BATCH_SIZE)
                ]
            )

        return compute

    return Subject(
        name=export_dir,
        step=record.step,
        config=record.config,
        draw=lambda count, seed: np.concatenate(
            list(draw_batches(count, seed))
        ),
        build_features=build_features,
    )


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
