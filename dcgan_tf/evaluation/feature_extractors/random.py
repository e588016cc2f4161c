"""The `random` feature extractor, for images without labels.

Untrained convolutions tell sharp from blurred and many from few well enough
to compare runs on the same images (Naeem et al., 2020, arXiv 2002.09797,
Section 5, use an untrained VGG where ImageNet's features mean nothing).
"""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from dcgan_tf.evaluation.feature_extractors.feature_extractor import (
    FeatureExtractor,
)
from dcgan_tf.images import to_float
from dcgan_tf.kernels.keras_settings import own_keras_settings
from dcgan_tf.traced import traced

_FILTERS = 32
_GRID = 2
_SMALLEST_SIDE = 4


@own_keras_settings()
def build_random_features(
    image_shape: tuple[int, int, int], seed: int = 0
) -> FeatureExtractor:
    """Builds a network of fixed random weights.

    3x3 convolutions of 32 filters and stride 2, He-normal weights and ReLU,
    until a side is 4 or less. Each map is averaged to 2x2; all maps' grids
    are the features.

    Args:
        image_shape: `(height, width, channels)`; sides of 8 or more.
        seed: Of the weights.

    Returns:
        A network without probabilities.
    """
    inputs = keras.Input(image_shape)
    maps, grids = inputs, []
    while min(maps.shape[1:3]) > _SMALLEST_SIDE:
        maps = layers.Conv2D(
            _FILTERS,
            3,
            2,
            padding="same",
            activation="relu",
            kernel_initializer=keras.initializers.HeNormal(
                seed=seed * 100 + len(grids)
            ),
        )(maps)
        window = [-(-side // _GRID) for side in maps.shape[1:3]]
        grids.append(
            layers.Flatten()(
                layers.AveragePooling2D(window, window, padding="same")(maps)
            )
        )
    model = keras.Model(inputs, layers.Concatenate()(grids))
    run = traced(lambda images: model(to_float(images)))

    def apply(images: np.ndarray):
        return run(tf.constant(images)).numpy(), None

    return FeatureExtractor(
        name="random",
        description=(
            f"untrained, {len(grids)} convolutions, "
            f"{model.output_shape[-1]} units"
        ),
        resize="none",
        seed=seed,
        apply=apply,
    )
