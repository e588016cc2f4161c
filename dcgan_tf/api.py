"""The library in two functions and a class: `train`, `load`, `Run`.

A facade: training is `training.run_training`, whatever is loaded is a
`runs.trained_model.TrainedModel`, and so the same rules hold as for commands.
"""

import contextlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dcgan_tf.config import (
    PATH_SETTINGS,
    RECORDED_DATA,
    ModelConfig,
    RunConfig,
)
from dcgan_tf.context.graph_building import outside_graphs
from dcgan_tf.context.random_states import keep_random_states
from dcgan_tf.data.given.images import (
    Images,
    choose_settings,
    is_place,
    resolve_given,
)
from dcgan_tf.data.source import Source
from dcgan_tf.evaluation.checkpoint_selection import build_checkpoint_evaluator
from dcgan_tf.evaluation.real_images import check_held_out
from dcgan_tf.given_path import expand_given, resolve_path
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.run import Run
from dcgan_tf.runs.folder import (
    CONFIG_FILE,
    load_kept_config,
    load_run_config,
)
from dcgan_tf.runs.image_identity import find_others
from dcgan_tf.runs.trained_model import load_trained_model
from dcgan_tf.serving.trained_export import (
    load_exported_model,
    load_newest_record,
)
from dcgan_tf.training.run_training import run_training

__all__ = ["Run", "load", "train"]

_log = logging.getLogger(__name__)


@outside_graphs
def train(
    images: Images,
    run_dir: str | os.PathLike,
    *,
    held_out: Images | None = None,
    label_names: Sequence[str] | None = None,
    conditional: bool = False,
    init_from: str | os.PathLike | None = None,
    allow_fewer_images: bool = False,
    **settings: Any,
) -> Run:
    """Trains a DCGAN, or resumes the run that is in a folder.

    The same call again resumes an unfinished run; Ctrl-C saves a checkpoint
    and returns.

    Example:

    ```python
    run = dcgan_tf.train("mnist_5k", "runs/digits", steps=2_000)
    run = dcgan_tf.train("~/pictures/cats", "runs/cats", image_size=64)
    (x, y), test = keras.datasets.mnist.load_data()
    run = dcgan_tf.train((x, y), "runs/mnist", held_out=test, steps=5_000)
    ```

    Args:
        images: What to train on. A folder, an archive or a file of arrays as
            in `--image_dir`, or a dataset's name as in
            `--dataset`; or images: a uint8 array `(count, height, width,
            channels)` or `(count, height, width)`, `(images, labels)` with
            an integer class each, or a finite `tf.data` dataset of uint8
            images, `(image, label)` or dicts with `image` and `label`, one
            by one or in batches. Such a dataset is read once into memory;
            shuffling, repeating and scaling are left to training.
        run_dir: The run's folder.
        held_out: Images that training doesn't see, to evaluate on: a
            folder, an archive or a file of arrays, or images as above; None
            for the own of a folder or dataset.
        label_names: Of the classes of images that are given with labels.
        conditional: Whether to condition both networks on the classes.
        init_from: `RUN` or `RUN@STEP`: another run whose networks a new run
            starts from.
        allow_fewer_images: Whether to resume though images are gone.
        **settings: `preset`, `recipe`, and attributes of `ModelConfig`,
            `DataConfig` and `TrainingConfig`, such as `steps`, `batch_size`,
            `image_size` (a side, or `(height, width)`) and `seed`: the
            flags of the command `train`. Those left out, or None, are the
            dataset's or, of images that are given, follow from their size
            unless a preset is named; RGBA images are laid on `background`
            unless `channels` is 4.
            `deterministic` turns TensorFlow's deterministic kernels on and
            seeds TensorFlow and Keras for all that the process does from
            then on, as TensorFlow can't turn them off: later runs are slower
            on a GPU too. Python's and NumPy's random states are as before
            when it returns.

    Returns:
        The run at its last checkpoint: compare its `step` with
        `config.training.steps` to see whether it was interrupted.

    Raises:
        ValueError: If a setting is unknown or out of range, images have
            another dtype, range or shape, the folder holds another run, or
            a graph is being built, as in `tf.function`.
        OSError: If images aren't there, or the folder can't be written.
    """
    settings = {k: v for k, v in settings.items() if v is not None}
    if images is None:
        raise ValueError(
            "images are a NoneType; give a folder, a dataset's name, or arrays"
        )
    if not isinstance(conditional, bool | np.bool_):
        raise ValueError(
            f"conditional is a {type(conditional).__name__}; use True or False"
            " (classes go with the images, as (images, labels))"
        )
    if init_from is not None:
        init_from = expand_given(init_from, "init_from")
    given = resolve_given(images, held_out, label_names)
    source, held_out_source = given.source, given.held_out
    if conditional and source is not None and not source.num_classes:
        raise ValueError(
            "conditional=True takes classes: give images as (images, labels)"
        )
    if held_out is not None and "held_out_dir" in settings:
        raise ValueError(
            "held_out and held_out_dir both say what to evaluate on; give one"
        )
    found = {**_choose_settings(source, settings), **given.settings}
    run_dir = expand_given(run_dir, "run_dir")
    config = _build_config(found, settings, load_kept_config(run_dir))
    if config.training.eval_every and config.data.held_out_dir is None:
        check_held_out(config.data.dataset, held_out_source)
    is_seeded = config.training.deterministic
    with keep_random_states() if is_seeded else contextlib.nullcontext():
        result = run_training(
            config,
            run_dir,
            source=source,
            conditional=conditional,
            init_from=init_from,
            build_evaluator=lambda config, source: build_checkpoint_evaluator(
                config, training_source=source, held_out_source=held_out_source
            ),
            allow_fewer_images=allow_fewer_images,
            is_evaluation_asked="eval_every" in settings,
            is_held_out_given=held_out_source is not None,
        )
    model = load_trained_model(
        # Whatever folder the process works in later.
        os.path.abspath(result.run_dir),
        str(result.training.step),
        source=source,
    )
    return Run(model, source, held_out_source)


@outside_graphs
def load(
    path: str | os.PathLike,
    checkpoint: str | int = "latest",
    *,
    images: Images | None = None,
    held_out: Images | None = None,
    label_names: Sequence[str] | None = None,
) -> Run:
    """Loads a run or an export from its folder.

    Example:

    ```python
    best = dcgan_tf.load("runs/mnist_5k", "best")
    served = dcgan_tf.load("exports/mnist_5k")
    ```

    Args:
        path: The run's folder, or the one that `export` was given.
        checkpoint: Of a run: `latest`, `best`, or a step.
        images: The run's training images, where they aren't where the run
            says or were given as arrays; as for `train`. Features and
            measures need them, samples don't. Of a run, a warning says so if
            they are others: of arrays at once, of a folder or a dataset once
            D's statistics are measured on them.
        held_out: Images that training didn't see: a folder or arrays, as for
            `train`.
        label_names: Of the classes of images that are given with labels.

    Raises:
        FileNotFoundError: If the folder is neither a run nor an export.
        ValueError: If it has no such checkpoint, or it can't be read, or
            images have another dtype, range or shape, or a graph is being
            built, as in `tf.function`.
    """
    path = resolve_path(path, "path")
    is_run = (Path(path) / CONFIG_FILE).is_file()
    config = load_run_config(path) if is_run else _load_export_config(path)
    given = resolve_given(images, held_out, label_names)
    real = {
        "real_data": given.move(config.data) if given.settings else None,
        "source": given.source,
    }
    if is_run:
        if given.source is not None and (
            line := find_others(path, given.source)
        ):
            _log.warning("%s", line)
        model = load_trained_model(path, str(checkpoint), **real)
    elif checkpoint != "latest":
        raise ValueError(
            f"{path!r} is an export, which has one checkpoint; leave "
            f"checkpoint {checkpoint!r} out"
        )
    else:
        model = load_exported_model(path, **real)
    return Run(model, given.source, given.held_out)


def _choose_settings(
    source: Source | None, settings: dict[str, Any]
) -> dict[str, Any]:
    """Finds the settings that follow from arrays; those given precede."""
    if source is None:
        return {}
    found = choose_settings(source)
    if "preset" in settings:
        found = {"dataset": found["dataset"]}
    elif settings.get("family", ModelConfig.family) != ModelConfig.family:
        del found["preset"]  # DCGAN's networks.
    return found


def _load_export_config(path: str) -> RunConfig:
    try:
        return load_newest_record(path).config
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{path!r} is neither a run nor an export: it has no "
            f"{CONFIG_FILE} and no exported generator"
        ) from None


def _build_config(
    found: dict[str, Any], settings: dict[str, Any], kept: RunConfig | None
) -> RunConfig:
    for name in ("dataset", "image_dir"):
        if name in settings:
            raise ValueError(
                f"{name} is given as a setting; give what to train on as the "
                "first argument"
            )
    for name in RECORDED_DATA:
        if name in settings:
            raise ValueError(
                f"{name} is given as a setting, and it is what a run records "
                "of its images; leave it out"
            )
    settings = {**found, **settings}
    if hasattr(settings.get("labels"), "__len__") and not is_place(
        settings["labels"]
    ):
        raise ValueError(
            "labels are a table's path; classes of arrays go with the images, "
            "as (images, labels)"
        )
    for name in PATH_SETTINGS:
        # `image_dir` is of the images, which were resolved as they were given.
        if name != "image_dir" and settings.get(name) is not None:
            settings[name] = resolve_path(settings[name], name)
    return resolve_run_config(settings, kept)
