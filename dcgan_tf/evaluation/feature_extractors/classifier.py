"""The `classifier` feature extractor: trained on a dataset's own labels.

Small, so that it trains in under a minute, and kept on disk, so that it does
so once. Another seed or another version of the project's recipe gives other
features, and distances that don't compare.
"""

import hashlib
import json
import logging
import os
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from dcgan_tf import scratch
from dcgan_tf.batch_order import draw_batches
from dcgan_tf.data.cache_dir import get_cache_dir
from dcgan_tf.evaluation.feature_extractors.feature_extractor import (
    FeatureExtractor,
)
from dcgan_tf.images import to_float
from dcgan_tf.kernels.keras_settings import own_keras_settings
from dcgan_tf.traced import traced

_log = logging.getLogger(__name__)

NUM_FEATURES = 128
# Part of the cache's key: count up with any change to network or training.
_RECIPE_VERSION = 2
_FILTERS = (32, 64, 128, 128, 128)
_SMALLEST_SIDE = 8
_BATCH_SIZE = 64
_EPOCHS = 12
_MAX_STEPS = 6_000
_LEARNING_RATE = 1e-3
_DROPOUT = 0.25


@own_keras_settings()
def build_classifier(
    image_shape: tuple[int, int, int], num_classes: int, seed: int
) -> keras.Sequential:
    """Builds an untrained classifier.

    Pairs of a 3x3 convolution and max pooling until a side is 8 or less, a
    ReLU layer of 128 `features`, dropout, and class `logits`.

    Args:
        image_shape: `(height, width, channels)`.
        num_classes: Number of logits.
        seed: Of weights and dropout.

    Returns:
        From float32 images in `[-1, 1]` to logits.
    """

    def init(index):
        return keras.initializers.HeNormal(seed=seed * 100 + index)

    model = keras.Sequential([keras.Input(image_shape)], name="classifier")
    side = min(image_shape[:2])
    for index, filters in enumerate(_FILTERS):
        if side <= _SMALLEST_SIDE and index:
            break
        model.add(
            layers.Conv2D(
                filters,
                3,
                padding="same",
                activation="relu",
                kernel_initializer=init(index),
            )
        )
        model.add(layers.MaxPooling2D())
        side //= 2
    model.add(layers.Flatten())
    model.add(
        layers.Dense(
            NUM_FEATURES,
            activation="relu",
            kernel_initializer=init(10),
            name="features",
        )
    )
    model.add(layers.Dropout(_DROPOUT, seed=seed))
    model.add(
        layers.Dense(num_classes, kernel_initializer=init(11), name="logits")
    )
    return model


@own_keras_settings()
def load_classifier(
    images: np.ndarray,
    labels: np.ndarray,
    class_names: tuple[str, ...],
    seed: int = 0,
    cache_dir: str | os.PathLike | None = None,
    held_out: tuple[np.ndarray, np.ndarray | None] | None = None,
) -> FeatureExtractor:
    """Loads the classifier of a dataset, training it the first time.

    Args:
        images: Training images, uint8 `(count, height, width, channels)`.
        labels: int32 `(count,)`.
        class_names: Of all labels.
        seed: Of weights, dropout and order.
        cache_dir: Where trained ones are kept; None for the user's cache
            folder. It need not exist. One that can't be written to costs the
            training again, and a warning.
        held_out: Images and labels, to say how good it is.

    Returns:
        A network with 128 features and probabilities.

    Raises:
        ValueError: If labels are attributes, or don't fit the images.
    """
    labels = np.asarray(labels)
    if labels.shape != (len(images),):
        raise ValueError(
            f"labels of shape {labels.shape} for {len(images)} images; the "
            "classifier takes one class an image (use the random features)"
        )
    model = build_classifier(images.shape[1:], len(class_names), seed)
    folder = Path(cache_dir) if cache_dir else get_cache_dir()
    path = folder / f"classifier-{_compute_key(images, labels, seed)}.npz"
    if not _restore(model, path):
        _train(model, images, labels, seed)
        _save(model, path)
    apply = _make_apply(model)
    accuracy = ""
    if held_out is not None and held_out[1] is not None:
        correct = _count_correct(apply, *held_out)
        total = len(held_out[0])
        accuracy = f", right on {correct / total:.1%} of {total} held out"
    return FeatureExtractor(
        name="classifier",
        description=(
            f"{len(images)} training images' labels, {NUM_FEATURES} units"
            f"{accuracy}"
        ),
        resize="none",
        seed=seed,
        apply=apply,
    )


def _compute_key(images: np.ndarray, labels: np.ndarray, seed: int) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(images).tobytes())
    digest.update(np.asarray(labels, np.int32).tobytes())
    digest.update(json.dumps([images.shape, seed, _RECIPE_VERSION]).encode())
    return digest.hexdigest()[:16]


def _train(
    model: keras.Sequential, images: np.ndarray, labels: np.ndarray, seed: int
) -> None:
    steps_an_epoch = -(-len(images) // _BATCH_SIZE)
    num_steps = min(_EPOCHS * steps_an_epoch, _MAX_STEPS)
    # To zero at the end: the last steps' noise would decide the features.
    rate = keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, num_steps)
    model.compile(
        keras.optimizers.Adam(rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    batches = draw_batches(len(images), num_steps, _BATCH_SIZE, seed)
    examples = ((to_float(images[batch]), labels[batch]) for batch in batches)
    model.fit(
        examples, steps_per_epoch=num_steps, epochs=1, shuffle=False, verbose=0
    )


def _make_apply(model: keras.Sequential):
    taps = keras.Model(
        model.inputs[0],
        [model.get_layer("features").output, model.outputs[0]],
    )

    @traced
    def run(images):
        features, logits = taps(to_float(images), training=False)
        return features, tf.nn.softmax(logits)

    def apply(images):
        features, probabilities = run(tf.constant(images))
        return features.numpy(), probabilities.numpy()

    return apply


def _count_correct(apply, images: np.ndarray, labels: np.ndarray) -> int:
    correct = 0
    for start in range(0, len(images), 256):
        part = slice(start, start + 256)
        predicted = apply(images[part])[1].argmax(axis=1)
        correct += int((predicted == labels[part]).sum())
    return correct


def _restore(model: keras.Sequential, path: Path) -> bool:
    """Loads kept weights; whatever is wrong with them, they can be remade."""
    try:
        with np.load(path) as kept:
            model.set_weights([kept[f"arr_{i}"] for i in range(len(kept))])
        return True
    except FileNotFoundError:
        return False
    except Exception as error:
        _log.warning("%s can't be used (%s); training anew", path, error)
        return False


def _save(model: keras.Sequential, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch.tmp_file(path) as partial, partial.open("wb") as file:
            np.savez(file, *model.get_weights())
    except OSError as error:
        _log.warning(
            "the classifier can't be kept in %s (%s)", path.parent, error
        )
