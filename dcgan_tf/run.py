"""`Run`: a trained run, or an export of one, for use in a program."""

import dataclasses
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf.analysis.walk import generate_legs
from dcgan_tf.config import DataConfig, RunConfig
from dcgan_tf.config.ranges import check_whole_number
from dcgan_tf.context.graph_building import (
    check_outside_graphs,
    outside_graphs,
)
from dcgan_tf.data.given.arrays import check_images, stack_images
from dcgan_tf.data.given.images import Images, open_other
from dcgan_tf.data.source import Source
from dcgan_tf.evaluation.evaluate import evaluate_and_save
from dcgan_tf.evaluation.settings import MEASURES, Settings
from dcgan_tf.given_path import resolve_path
from dcgan_tf.image_sizes import format_image_size
from dcgan_tf.runs.class_names import find_labels
from dcgan_tf.runs.metrics import load_history
from dcgan_tf.runs.trained_model import TrainedModel
from dcgan_tf.seeds import LARGEST_SEED, SEEDS_PER_SEED, make_seeds
from dcgan_tf.serving.export import Export, export_model
from dcgan_tf.serving.trained_export import load_newest_record


class Run:
    """A trained run, or an export of one: what `train` and `load` return.

    Its networks are those of one checkpoint, as every command has them: with
    the averaged weights, and batch-norm statistics measured anew. Methods
    compute: they raise a ValueError where a graph is being built, as in
    `tf.function`.

    Example:

    ```python
    run = dcgan_tf.load("runs/mnist_5k")
    images = run.sample(64, seed=1)  # uint8 (64, 32, 32, 1)
    ```

    Attributes:
        path: The run's or the export's folder.
        step: The checkpoint's training step.
        config: Every setting: `config.model`, `config.data` and
            `config.training`.
    """

    def __init__(
        self,
        model: TrainedModel,
        source: Source | None = None,
        held_out: Source | None = None,
    ):
        self._model = model
        self._source = source
        self._held_out = held_out
        self.path = Path(model.name)
        self.step = model.step
        self.config: RunConfig = model.config

    def __repr__(self) -> str:
        kind = "export" if self.is_export else "run"
        size = format_image_size(self.config.model.image_size)
        return f"<{kind} {str(self.path)!r}, step {self.step}, {size} pixels>"

    @property
    def is_export(self) -> bool:
        """Whether it is an export, whose networks are closed graphs."""
        return self._model.is_export

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes of a conditional run, by their numbers.

        Example:

        ```python
        cats = conditional_run.sample(16, labels=conditional_run.class_names[0])
        ```
        """
        return self._model.class_names

    @property
    def generator(self) -> keras.Model:
        """G: float32 latents `(batch, latent_dim)` to images in `[-1, 1]`.

        A conditional one takes `[latents, labels]`.

        Example:

        ```python
        run.generator.save("generator.keras")
        ```

        Raises:
            ValueError: If it is an export.
        """
        self._need_networks("Keras networks")
        return self._model.generator

    @property
    def discriminator(self) -> keras.Model:
        """D: float32 images in `[-1, 1]` to logits `(batch, 1)`.

        A conditional one takes `[images, labels]`. A pyramid's takes a list
        of each level's images, from coarse to fine, and gives a logit a level.

        Example:

        ```python
        logits = run.discriminator(dcgan_tf.images.to_float(images))
        ```

        Raises:
            ValueError: If it is an export, or in a `tf.Graph`.
        """
        self._need_networks("Keras networks")
        # A program may well apply it in a `tf.function`, outside of which its
        # statistics are measured. There is no way out of a `tf.Graph`.
        with tf.init_scope():
            check_outside_graphs("Run.discriminator")
            return self._model.discriminator

    @property
    def history(self) -> dict[str, np.ndarray]:
        """The rows of metrics.csv as a table: columns by name.

        Plain NumPy, that Matplotlib and pandas take as it is.

        Example:

        ```python
        plt.plot(run.history["step"], run.history["d_loss"])
        pandas.DataFrame(run.history)
        ```

        Returns:
            `step`, int64 `(num_rows,)`, and float64 `(num_rows,)` each for
            `d_loss`, `g_loss` and the other columns; NaN where a row has no
            such value.

        Raises:
            ValueError: If it is an export.
        """
        self._need_networks("a history")
        return load_history(self.path)

    @outside_graphs
    def sample(
        self,
        num: int = 64,
        seed: int = 0,
        labels: int | str | Sequence[int | str] | np.ndarray | None = None,
    ) -> np.ndarray:
        """Draws images, the same ones as the command `sample` for a seed.

        Example:

        ```python
        images = run.sample(16, seed=1)
        sevens = conditional_run.sample(16, labels=7)
        ```

        Args:
            num: How many, from 1 to 1,000,000.
            seed: Another one gives other images.
            labels: Of a conditional run: a class for all, or `num` of them,
                by name or number; None for all classes in turn.

        Returns:
            uint8 `(num, height, width, channels)`.

        Raises:
            ValueError: If `num`, `seed` or a label is out of range, or the
                run takes no labels.
        """
        num = check_whole_number("num", num, 1, SEEDS_PER_SEED)
        seed = check_whole_number("seed", seed, 0, LARGEST_SEED)
        if labels is not None:
            labels = find_labels(
                labels, num, self.class_names, self.config.model.num_classes
            )
        return self._model.sample_from_seeds(make_seeds(seed, num), labels)

    @outside_graphs
    def features(self, images: np.ndarray) -> np.ndarray:
        """Computes D's features of images (Section 5.1 of the paper).

        Example:

        ```python
        classifier = LinearSVC().fit(run.features(images), labels)
        ```

        Args:
            images: uint8 `(count, height, width, channels)` of the size and
                channels that the networks have, one or more.

        Returns:
            float32 `(count, num_features)`, not normalised.

        Raises:
            ValueError: If images have another dtype, size or number of
                channels, or the run is conditional.
        """
        images = check_images(stack_images(images))
        model = self.config.model
        wanted = (*model.image_size, model.channels)
        if images.shape[1:] != wanted:
            raise ValueError(
                f"images are {images.shape[1:]} (height, width, channels); "
                f"the discriminator takes {wanted}: resize them, or convert "
                "their colours"
            )
        return self._model.compute_features(images)

    @outside_graphs
    def walk(
        self,
        num_anchors: int = 9,
        steps_per_leg: int = 10,
        seed: int = 0,
        great_circle: bool = False,
    ) -> np.ndarray:
        """Walks from one random latent to the next and back to the first.

        Example:

        ```python
        frames = run.walk(4, steps_per_leg=12)[:, :-1]
        frames = frames.reshape(-1, *frames.shape[2:])
        dcgan_tf.images.save_gif("walk.gif", frames)
        ```

        Args:
            num_anchors: Random latents on the way, 2 or more.
            steps_per_leg: Steps from one to the next, 1 or more.
            seed: Of the latents.
            great_circle: Whether to walk on great circles, not straight
                lines.

        Returns:
            uint8 `(num_anchors, steps_per_leg + 1, height, width, channels)`:
            a leg each, both ends included.

        Raises:
            ValueError: If it is an export, the run is conditional, there
                are too few anchors or steps, or the seed is out of range.
        """
        self._need_networks("walks")
        if self.config.model.num_classes:
            raise ValueError("the run is conditional; walks are without labels")
        num_anchors = check_whole_number("num_anchors", num_anchors, 2)
        steps_per_leg = check_whole_number("steps_per_leg", steps_per_leg, 1)
        seed = check_whole_number("seed", seed, 0, LARGEST_SEED)
        model = dataclasses.replace(self._model, seed=seed)
        return generate_legs(
            model.generator,
            model.sample_latents(num_anchors),
            steps_per_leg,
            great_circle,
        )

    @outside_graphs
    def evaluate(
        self,
        measures: str | Sequence[str] = MEASURES,
        *,
        features: str = "auto",
        inception_path: str | os.PathLike | None = None,
        probe: str | None = None,
        probe_data: Images | DataConfig | None = None,
        probe_split: str = "test",
        probe_rows: str | Sequence[str] | None = None,
        probe_labels: int | Sequence[int | None] | None = None,
        num_samples: int = 2_000,
        seed: int = 0,
        cache_dir: str | os.PathLike | None = None,
        log: Callable[[str], None] | None = None,
        probe_held_out: Images | None = None,
    ) -> dict[str, Any]:
        """Measures how good it is, as the command `evaluate` does.

        Writes evaluation/<step>.json and figures into the folder too, where
        it can be written.

        Example:

        ```python
        result = run.evaluate(["frechet"], num_samples=1_000)
        result["measures"]["samples"]
        (x, y), test = keras.datasets.cifar10.load_data()
        run.evaluate(
            [], probe="few_labels", probe_data=(x, y), probe_held_out=test
        )
        ```

        Args:
            measures: One or several of `evaluation.settings.MEASURES`; those
                that don't apply are left out.
            features: Extractor whose features distances are measured in:
                `auto`, `classifier`, `random` or `inception`.
            inception_path: File of the 2015 graph, for `inception`.
            probe: Protocol of linear classifiers on D's features, such as
                `few_labels`; None for none.
            probe_data: Labelled images to probe on, as for `train`: a
                folder, a dataset's name, or `(images, labels)`; or settings
                that name some. None for the run's own. With no measures,
                none of the run's own images are read then.
            probe_split: `test`, or `validation` for training images held
                out, to choose a checkpoint by.
            probe_rows: Of `evaluation.settings.PROBE_ROWS`; None for all.
            probe_labels: Some of the protocol's numbers of labels, where
                None is all labels; None for every number.
            num_samples: Generated images, and real ones at most.
            seed: Of samples, networks and draws.
            cache_dir: Where trained classifiers are kept; None for
                ~/.cache/dcgan_tf.
            log: Takes lines on what is being done; None for nothing.
            probe_held_out: Labelled images to test the probe on: a folder,
                or `(images, labels)`; None for the own of a folder or
                dataset.

        Returns:
            Plain values, as in the JSON file.

        Raises:
            ValueError: If a measure or a protocol isn't known, settings
                contradict each other, or the images lack what is needed.
            OSError: If the run's images aren't there.
        """
        sources = (None, None)
        if probe_data is not None and not isinstance(probe_data, DataConfig):
            probe_data, *sources = open_other(probe_data, probe_held_out)
        elif probe_held_out is not None:
            raise ValueError(
                "probe_held_out is given without images as probe_data"
            )
        settings = Settings(
            measures=measures,
            feature_extractor=features,
            inception_path=_resolve_or_none(inception_path, "inception_path"),
            probe=probe,
            probe_data=probe_data,
            probe_split=probe_split,
            probe_rows=probe_rows,
            probe_labels=probe_labels,
            num_samples=num_samples,
            seed=seed,
            cache_dir=_resolve_or_none(cache_dir, "cache_dir"),
        )
        result, _ = evaluate_and_save(
            self._model,
            settings,
            log or _say_nothing,
            (self._source, self._held_out),
            tuple(sources),
        )
        return result

    @outside_graphs
    def export(
        self,
        export_dir: str | os.PathLike,
        *,
        formats: Sequence[str] = ("saved_model",),
        keep_versions: int = 0,
        single_file: bool = False,
        log: Callable[[str], None] | None = print,
    ) -> Export:
        """Exports the networks for servers, phones and browsers.

        Example:

        ```python
        run.export("exports/digits", formats=["saved_model", "tflite"])
        served = dcgan_tf.load("exports/digits")
        ```

        Args:
            export_dir: Folder that gets the next version.
            formats: Any of `saved_model`, `tflite` and `web`.
            keep_versions: Newest versions to keep; 0 for all.
            single_file: Whether the page is also written as one file.
            log: Takes lines for the user; None for nothing.

        Returns:
            `version`, `step`, and the `parts` that were written.

        Raises:
            ValueError: If it is an export already, a format is unknown or
                none is given, `single_file` is without `web`, or
                `keep_versions` is negative.
            ImportError: If a format needs a package that is missing.
            OSError: If `export_dir` can't be written.
        """
        self._need_networks("another export")
        return export_model(
            self._model,
            resolve_path(export_dir, "export_dir"),
            formats=formats,
            keep_versions=keep_versions,
            single_file=single_file,
            log=log or _say_nothing,
        )

    def _need_networks(self, what: str) -> None:
        if self.is_export:
            run_dir = load_newest_record(self.path).run_dir
            raise ValueError(
                f"{str(self.path)!r} is an export, which has closed graphs "
                f"and not {what}; load the run it was made of ({run_dir!r})"
            )


def _say_nothing(line: str) -> None:
    pass


def _resolve_or_none(
    path: str | os.PathLike | None, argument: str
) -> str | None:
    return None if path is None else resolve_path(path, argument)
