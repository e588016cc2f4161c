"""A trained model: the one door to a run's networks, or to an export's."""

import dataclasses
import functools
import logging
import os
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf.config import DataConfig, RunConfig
from dcgan_tf.context.graph_building import outside_graphs
from dcgan_tf.data.source import Source
from dcgan_tf.given_path import resolve_path
from dcgan_tf.images import check_uint8_images
from dcgan_tf.latents import sample_latents
from dcgan_tf.models.features import (
    FeatureFunction,
    build_feature_extractor,
    compute_in_batches,
    make_feature_function,
)
from dcgan_tf.runs.class_names import load_class_names
from dcgan_tf.runs.discriminator_statistics import load_real_batches
from dcgan_tf.runs.final_networks import digest_weights, restore_final_networks
from dcgan_tf.runs.folder import load_run_config
from dcgan_tf.runs.image_identity import find_others
from dcgan_tf.runs.sample_grids import reestimate_generator
from dcgan_tf.runs.sampling import (
    Sampler,
    build_sampler,
    generate_images,
    sample_in_batches,
)
from dcgan_tf.runs.trained_discriminator import TrainedDiscriminator
from dcgan_tf.seeds import choose_labels, make_seeds

_log = logging.getLogger(__name__)

# From float32 images in [-1, 1] to `features` and `logits`.
Extractor = Callable[[tf.Tensor], dict[str, tf.Tensor]]


@dataclasses.dataclass(frozen=True)
class ExportedGraphs:
    """What an export has for networks: graphs that are closed.

    Attributes:
        load_sampler: Gives the map from seeds to images.
        load_extractor: Gives the map from images to features.
        digest_generator: Tells G's graph from any others.
    """

    load_sampler: Callable[[], Sampler]
    load_extractor: Callable[[], Extractor]
    digest_generator: Callable[[], str]


@dataclasses.dataclass(frozen=True)
class TrainedModel:
    """Networks at one checkpoint with their final weights and statistics.

    Both have the averaged weights where the run has them. G's batch-norm
    statistics are re-estimated on latents; D's, when D is first asked for,
    on real images of the run's data.

    Attributes:
        name: The run's or the export's folder, as it was given.
        config: The run's settings, its data where it was said to be.
        step: The checkpoint's step.
        trained_discriminator: D, its real images, and D before training.
        generator: In float32; None of an export.
        exported: An export's graphs; None of a run.
        class_names: Of the labels that condition both networks; empty where
            there are none or aren't known.
        seed: Of the latents that `sample_latents` draws.
    """

    name: str
    config: RunConfig
    step: int
    trained_discriminator: TrainedDiscriminator
    generator: keras.Model | None = None
    exported: ExportedGraphs | None = None
    class_names: tuple[str, ...] = ()
    seed: int = 0

    @property
    def is_export(self) -> bool:
        """Whether it is an export, without Keras networks."""
        return self.exported is not None

    @property
    def discriminator(self) -> keras.Model | None:
        """D in float32, with statistics of real images where it has no labels.

        Where the run's data can't be read, its statistics are those of
        training, and a line says so. None of an export.
        """
        return self.trained_discriminator.network

    @property
    def real_batches(self) -> list[np.ndarray]:
        """The real images that D's statistics are of; empty without data.

        float32 `(batch, height, width, channels)` in `[-1, 1]`, up to 1,024.
        """
        return self.trained_discriminator.real_batches

    def with_real_batches(
        self, real_batches: list[np.ndarray]
    ) -> "TrainedModel":
        """Gives the same model with D's statistics measured on other images.

        An export's D keeps those that it carries.

        Args:
            real_batches: float32 `(batch, height, width, channels)` in
                `[-1, 1]`.

        Returns:
            A model that reads nothing of the run's own data for D.
        """
        discriminator = self.trained_discriminator.with_real_batches(
            real_batches
        )
        return dataclasses.replace(self, trained_discriminator=discriminator)

    def digest_generator(self) -> str:
        """Tells G's weights from any others."""
        if self.is_export:
            return self.exported.digest_generator()
        return digest_weights(self.generator)

    def digest_discriminator(self) -> str:
        """Tells D's weights from any others, without reading images."""
        return self.trained_discriminator.digest()

    def sample_images(self, count: int, seed: int = 0) -> np.ndarray:
        """Draws the first images of a seed, those of the command `sample`.

        Args:
            count: How many.
            seed: Another one gives other images.

        Returns:
            uint8 `(count, height, width, channels)`, of conditional
            generators as `choose_labels` has it.
        """
        return self.sample_from_seeds(make_seeds(seed, count))

    def sample_from_seeds(
        self, seeds: np.ndarray, label: int | np.ndarray | None = None
    ) -> np.ndarray:
        """Draws an image for each latent seed.

        Args:
            seeds: int64 `(count,)`, one or more.
            label: The class of all, or each one's, int `(count,)`; None for
                classes in turn.

        Returns:
            uint8 `(count, height, width, channels)`.
        """
        labels = choose_labels(seeds, self.config.model.num_classes, label)
        return sample_in_batches(self._sampler, seeds, labels)

    @functools.cached_property
    def _sampler(self) -> Sampler:
        if self.is_export:
            return self.exported.load_sampler()
        return build_sampler(self.generator, self.config.model.latent_dim)

    def compute_features(self, images: np.ndarray) -> np.ndarray:
        """Computes D's pooled activations (Section 5.1).

        Args:
            images: uint8 `(count, height, width, channels)`, one or more.

        Returns:
            float32 `(count, num_features)`; see `build_feature_extractor`.

        Raises:
            ValueError: If D is conditional or of a family that has none, or
                images aren't such.
        """
        if refusal := self.config.model.features_refusal:
            raise ValueError(refusal)
        # Before images are read that D's statistics are of.
        check_uint8_images(images, "the discriminator")
        return self._feature_function(images)

    @functools.cached_property
    def _feature_function(self) -> FeatureFunction:
        if not self.is_export:
            return make_feature_function(self.discriminator)
        extract = self.exported.load_extractor()
        return compute_in_batches(lambda images: extract(images)["features"])

    def sample_latents(self, count: int, stream: int = 0) -> np.ndarray:
        """Draws latents of the model's `seed`; another stream gives others.

        Args:
            count: How many.
            stream: Tells draws of the same seed apart.

        Returns:
            float32 `(count, latent_dim)`, uniform in `[-1, 1)`.
        """
        latent_dim = self.config.model.latent_dim
        return sample_latents(count, latent_dim, (self.seed, stream)).numpy()

    def generate(self, latents: np.ndarray) -> np.ndarray:
        """Generates images of latents with an unconditional generator.

        Args:
            latents: Floats `(count, latent_dim)`.

        Returns:
            uint8 `(count, height, width, channels)`.
        """
        return generate_images(self.generator, latents)

    def build_random_discriminator(self) -> keras.Model:
        """Builds D with random weights, as the run's seed gives them.

        What D is compared to: its statistics are re-estimated as D's are.
        """
        return self.trained_discriminator.build_random(
            self.config.training.seed
        )

    @property
    def random_discriminator_name(self) -> str:
        """What that is to this run: D before training, or just random."""
        if self.config.training.init_from:
            return "D with random weights"
        return "untrained D"


def load_trained_model(
    run_dir: str | os.PathLike,
    checkpoint: str = "latest",
    *,
    real_data: DataConfig | None = None,
    source: Source | None = None,
    seed: int = 0,
    log: Callable[[str], None] = _log.warning,
) -> TrainedModel:
    """Loads a run's networks, whatever the precision they trained in.

    Args:
        run_dir: The run.
        checkpoint: `latest`, `best`, or a step.
        real_data: Where the run's images are, if not where the run says.
        source: The images themselves, where they are open.
        seed: Of the latents that the model's `sample_latents` draws.
        log: Takes a line where D's statistics can't be measured.

    Raises:
        FileNotFoundError: If the folder is no run.
        CheckpointError: If it has no such checkpoint or none can be read.
    """
    config = load_run_config(run_dir)
    generator, discriminator, step = restore_final_networks(
        run_dir, config, checkpoint
    )
    reestimate_generator(generator, config)
    return TrainedModel(
        name=os.fspath(run_dir),
        config=dataclasses.replace(config, data=real_data or config.data),
        step=step,
        generator=generator,
        trained_discriminator=TrainedDiscriminator(
            model=config.model,
            load_real_batches=lambda: load_real_batches(
                config,
                real_data,
                log,
                source,
                functools.partial(find_others, run_dir),
            ),
            digest=lambda: digest_weights(discriminator),
            load_network=lambda: discriminator,
        ),
        class_names=load_class_names(run_dir),
        seed=seed,
    )


def load_start(
    model: TrainedModel, log: Callable[[str], None] = _log.warning
) -> TrainedModel | None:
    """Loads what a run's networks were before its first step.

    Args:
        model: Of a run that was started from another run's networks.
        log: Takes a line where these can't be loaded any more.

    Returns:
        The other run's model, its statistics measured on this run's images;
        None where it can't be loaded or there is none.
    """
    init_from = model.config.training.init_from
    if not init_from:
        return None
    run_dir, _, step = init_from.rpartition("@")
    try:
        start = load_trained_model(
            run_dir, step, real_data=model.config.data, log=log
        )
    except (OSError, ValueError) as error:
        log(f"what the run was started from is left out: {error}")
        return None
    # The very same images, which may be arrays that nothing could open again.
    discriminator = dataclasses.replace(
        start.trained_discriminator,
        load_real_batches=lambda: model.real_batches,
    )
    return dataclasses.replace(start, trained_discriminator=discriminator)


@outside_graphs
def load_generator(
    run_dir: str | os.PathLike, checkpoint: str = "latest"
) -> keras.Model:
    """Loads a run's generator; see `load_trained_model`."""
    run_dir = resolve_path(run_dir, "run_dir")
    return load_trained_model(run_dir, checkpoint).generator


@outside_graphs
def load_feature_extractor(
    run_dir: str | os.PathLike, checkpoint: str = "latest"
) -> keras.Model:
    """Loads a run's discriminator as a feature extractor.

    Its batch-norm statistics are measured on real images of the run's data,
    as the export's are. Where those can't be read, a warning says so and they
    are the ones of training.

    Args:
        run_dir: The run.
        checkpoint: `latest`, `best`, or a step.

    Returns:
        See `build_feature_extractor`.

    Raises:
        ValueError: If the run is conditional, or as `load_trained_model`.
    """
    run_dir = resolve_path(run_dir, "run_dir")
    return build_feature_extractor(
        load_trained_model(run_dir, checkpoint).discriminator
    )
