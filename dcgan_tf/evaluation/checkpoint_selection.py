"""Selects the best checkpoint while training, by a cheap measure."""

import dataclasses
import hashlib
from collections.abc import Callable

import keras
import numpy as np

from dcgan_tf.config import ModelConfig, RunConfig
from dcgan_tf.data.held_out import LARGE
from dcgan_tf.data.open_source import load_held_out, load_source
from dcgan_tf.data.pipeline import load_images
from dcgan_tf.data.source import Source
from dcgan_tf.evaluation.feature_extractors.choose import (
    choose_feature_extractor,
)
from dcgan_tf.evaluation.feature_extractors.feature_extractor import (
    compute_features,
)
from dcgan_tf.evaluation.feature_extractors.random import build_random_features
from dcgan_tf.evaluation.measures.frechet import (
    LEAST_IMAGES,
    compute_frechet_distance,
)
from dcgan_tf.evaluation.real_images import draw_labels_as, load_real_images
from dcgan_tf.runs.sampling import build_sampler, sample_in_batches
from dcgan_tf.seeds import choose_labels, make_seeds
from dcgan_tf.setting_names import name_setting

_NUM_IMAGES = 2_000
# Not those that anyone looks at: the best of many is best on these alone.
_SEED = 999


@dataclasses.dataclass(frozen=True)
class CheckpointEvaluator:
    """Measures a generator while it is trained.

    Attributes:
        measure: The name of the measure that decides, of which less is
            better.
        held_out: A digest of the images it measures on, and of the classes
            that it draws: values on others can't be compared.
        compute: From a generator to its measures by name.
    """

    measure: str
    held_out: str
    compute: Callable[[keras.Model], dict[str, float]]

    def __call__(self, generator: keras.Model) -> dict[str, float]:
        return self.compute(generator)


def build_checkpoint_evaluator(
    config: RunConfig,
    training_source: Source | None = None,
    held_out_source: Source | None = None,
) -> CheckpointEvaluator:
    """Builds what training calls to find its best checkpoint.

    Fréchet distance of 2,000 samples to up to 2,000 held-out images, in the
    features of the dataset's classifier or, without classes, random ones. Of
    a folder, whose runs are evaluated unasked, always in random ones, which
    take no training, beside the floor: the distance of training images. Where
    these are fewer than 2,000, samples are as many, so that the bias is the
    same. Runs of version 0.1.0 keep to their classifier. Samples of a
    conditional run have the classes of training images.

    Args:
        config: The run's settings.
        training_source: The run's training images, if they are open.
        held_out_source: Images held out from it, if they are open.

    Returns:
        From a generator, in inference mode, to `frechet_classifier` or
        `frechet_random`, of which less is better, and the latter's
        `frechet_random_floor` of a folder.

    Raises:
        ValueError: If the dataset has nothing held out, or one image alone.
        OSError: If it isn't there.
    """
    data = config.data
    is_own = held_out_source is None and data.held_out_dir is None
    training_source = training_source or load_source(data)
    held_out_source = held_out_source or load_held_out(data, training_source)
    _check_count(training_source, "train on")
    _check_count(held_out_source, "evaluate on")
    digest = held_out_source.digest_names(_NUM_IMAGES)
    if not is_own and held_out_source.fingerprint_images is not None:
        # Another collection may have the same names.
        digest += f" {held_out_source.fingerprint_images().digest}"
    if data.dataset == "image_folder" and data.hold_out != LARGE:
        return _build_for_folder(
            config, training_source, held_out_source, digest
        )
    real = load_real_images(
        config.model, config.data, training_source, held_out_source
    )
    network = choose_feature_extractor(real)
    held_out = compute_features(network, real.held_out[:_NUM_IMAGES]).features
    measure = f"frechet_{network.name}"
    drawn = _Drawn(config.model, _NUM_IMAGES, real.training_labels)

    def evaluate(generator: keras.Model) -> dict[str, float]:
        features = compute_features(network, drawn.sample(generator)).features
        distance = compute_frechet_distance(held_out, features)
        return {measure: distance}

    return CheckpointEvaluator(measure, digest + drawn.digest, evaluate)


class _Drawn:
    """Which samples are measured: their seeds, and classes if there are."""

    def __init__(
        self,
        model: ModelConfig,
        count: int,
        training_labels: np.ndarray | None,
    ):
        self._latent_dim = model.latent_dim
        self._seeds = make_seeds(_SEED, count)
        self._labels = draw_labels_as(
            training_labels, self._seeds, model.num_classes
        )
        # Nothing for classes in turn, which they were of earlier runs.
        self.digest = ""
        in_turn = choose_labels(self._seeds, model.num_classes)
        if in_turn is not None and (in_turn != self._labels).any():
            name = hashlib.sha256(self._labels.tobytes()).hexdigest()[:16]
            self.digest = f" {name}"

    def sample(self, generator: keras.Model) -> np.ndarray:
        """Draws them, uint8 `(count, height, width, channels)`."""
        sampler = build_sampler(generator, self._latent_dim)
        return sample_in_batches(sampler, self._seeds, self._labels)


def _check_count(source: Source, purpose: str) -> None:
    if source.num_examples < LEAST_IMAGES:
        raise ValueError(
            f"{source.name} ({source.split}) has {source.num_examples} image "
            f"to {purpose}, and a distance takes {LEAST_IMAGES} or more: give "
            f"more, or {name_setting('eval_every', 0)} to choose no best "
            "checkpoint"
        )


def _build_for_folder(
    config: RunConfig,
    training_source: Source,
    held_out_source: Source,
    digest: str,
) -> CheckpointEvaluator:
    (training, labels), (held_out, _) = (
        load_images(source, config.model, config.data, _NUM_IMAGES)
        for source in (training_source, held_out_source)
    )
    network = build_random_features(training.shape[1:])
    real = compute_features(network, held_out).features
    drawn = _Drawn(config.model, len(training), labels)

    def measure(images):
        features = compute_features(network, images).features
        return compute_frechet_distance(real, features)

    floor = measure(training)

    def evaluate(generator: keras.Model) -> dict[str, float]:
        return {
            "frechet_random": measure(drawn.sample(generator)),
            "frechet_random_floor": floor,
        }

    return CheckpointEvaluator(
        "frechet_random", digest + drawn.digest, evaluate
    )
