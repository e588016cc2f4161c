"""A classifier of toy faces' attributes and of where windows are.

Trained on drawn faces, whose truth is known, and independent of the networks
whose images it classifies.
"""

import keras
import numpy as np
import tensorflow as tf

from dcgan_tf.analysis.forget import LabelledBoxes
from dcgan_tf.analysis.samples import sample_numbered_latents
from dcgan_tf.batch_order import draw_batches
from dcgan_tf.data import toy_faces
from dcgan_tf.images import to_float
from dcgan_tf.kernels.keras_settings import own_keras_settings
from dcgan_tf.runs.trained_model import TrainedModel

WINDOW = toy_faces.ATTRIBUTE_NAMES.index("window")
# Of the faces, another than the training and test splits', of the weights
# and the order.
_SEED = 7
_BATCH_SIZE = 128
_LEARNING_RATE = 2e-3
# Generated images are a little rough; a classifier that has seen only clean
# drawings would take roughness for an attribute.
_NOISE = 0.1


class AttributeClassifier:
    """A small convolutional network with two outputs.

    Args:
        model: From images in `[-1, 1]` to `attributes`, logits `(batch,
            num_attributes)`, and `box`, `(batch, 4)` as fractions of the
            image's side.
    """

    def __init__(self, model: keras.Model):
        self._model = model

    def compute_logits(self, images: np.ndarray) -> np.ndarray:
        """Computes a logit of each attribute that images may show.

        Args:
            images: uint8 `(count, size, size, 3)`; none will do.

        Returns:
            Floats `(count, 7)`, logits in the order of
            `toy_faces.ATTRIBUTE_NAMES`; positive where it is there.
        """
        return self._predict(images)["attributes"]

    def find_windows(self, images: np.ndarray) -> np.ndarray:
        """Predicts where windows are, on images that have one.

        Args:
            images: uint8 `(count, size, size, 3)`; none will do.

        Returns:
            int `(count, 4)`: top, left, bottom, right in pixels, the last
            two exclusive.
        """
        side = images.shape[1]
        edges = np.rint(self._predict(images)["box"] * side).astype(int)
        return edges.clip(0, side)

    def _predict(self, images: np.ndarray) -> dict[str, np.ndarray]:
        if not len(images):  # Which Keras has no answer to.
            return {
                name: np.zeros((0, *output.shape[1:]), np.float32)
                for name, output in self._model.output.items()
            }
        return self._model.predict(
            to_float(images).numpy(), batch_size=512, verbose=0
        )


@own_keras_settings()
def train_attribute_classifier(
    size: int, num_images: int = 8_000, num_epochs: int = 6
) -> AttributeClassifier:
    """Trains a classifier on freshly drawn faces; about half a minute.

    Args:
        size: Side in pixels, 32 or 64.
        num_images: Faces to draw.
        num_epochs: Passes over them.

    Returns:
        The classifier.
    """
    images, attributes = toy_faces.make_toy_faces(num_images, size, _SEED)
    boxes = toy_faces.compute_window_boxes(num_images, size, _SEED) / size
    labels = np.stack(list(attributes.values()), axis=-1)
    model = _build_model(size, labels.shape[1])
    num_steps = num_epochs * -(-num_images // _BATCH_SIZE)
    batches = draw_batches(num_images, num_steps, _BATCH_SIZE, _SEED)
    examples = (
        _to_example(images[batch], labels[batch], boxes[batch])
        for batch in batches
    )
    rate = keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, num_steps)
    model.compile(
        keras.optimizers.Adam(rate),
        {
            "attributes": keras.losses.BinaryCrossentropy(from_logits=True),
            "box": keras.losses.MeanAbsoluteError(),
        },
        loss_weights={"attributes": 1.0, "box": 2.0},
    )
    model.fit(
        examples, steps_per_epoch=num_steps, epochs=1, shuffle=False, verbose=0
    )
    return AttributeClassifier(model)


def find_window_boxes(
    model: TrainedModel, classifier: AttributeClassifier
) -> LabelledBoxes:
    """Boxes the windows on 150 samples, as the paper's authors did by hand.

    Args:
        model: Whose numbered samples.
        classifier: Of toy faces.

    Returns:
        A box for each sample classified as having a window.

    Raises:
        ValueError: If there is none.
    """
    images = model.generate(sample_numbered_latents(model))
    has_window = np.flatnonzero(
        classifier.compute_logits(images)[:, WINDOW] > 0
    )
    found = classifier.find_windows(images[has_window])
    boxes = {
        int(number): (tuple(int(edge) for edge in box),)
        for number, box in zip(has_window, found, strict=True)
        if box[0] < box[2] and box[1] < box[3]
    }
    if not boxes:
        raise ValueError(
            f"none of the {len(images)} samples of seed {model.seed} has a "
            "window that the classifier finds; the run doesn't draw faces "
            "well enough, or ask for another seed"
        )
    return LabelledBoxes(model.seed, boxes, "window")


def _to_example(images, labels, boxes):
    has_window = tf.cast(labels[:, WINDOW], tf.float32)
    everywhere = tf.ones_like(has_window)
    targets = {"attributes": tf.cast(labels, tf.float32), "box": boxes}
    weights = {"attributes": everywhere, "box": has_window}
    return to_float(images), targets, weights


def _build_model(size: int, num_attributes: int) -> keras.Model:
    layers = keras.layers

    def init(index):
        return keras.initializers.GlorotUniform(seed=_SEED * 100 + index)

    images = keras.Input((size, size, 3))
    values = layers.GaussianNoise(_NOISE, seed=_SEED)(images)
    widths = (24, 48, 96) if size == 32 else (16, 24, 48, 96)
    for index, filters in enumerate(widths):
        values = layers.Conv2D(
            filters,
            3,
            2,
            "same",
            use_bias=False,
            kernel_initializer=init(index),
        )(values)
        values = layers.BatchNormalization(momentum=0.9)(values)
        values = layers.ReLU()(values)
    values = layers.Flatten()(values)
    values = layers.Dense(128, "relu", kernel_initializer=init(10))(values)
    attributes = layers.Dense(
        num_attributes, kernel_initializer=init(11), name="attributes"
    )
    box = layers.Dense(4, "sigmoid", kernel_initializer=init(12), name="box")
    outputs = {"attributes": attributes(values), "box": box(values)}
    return keras.Model(images, outputs)
