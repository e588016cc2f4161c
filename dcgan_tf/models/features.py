"""The discriminator as a feature extractor (Section 5)."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from dcgan_tf.context.graph_rewrites import REMAPPING, without_rewrites
from dcgan_tf.images import (
    check_float_images,
    check_uint8_images,
    to_float,
)
from dcgan_tf.kernels.keras_settings import own_keras_settings
from dcgan_tf.traced import traced

_BATCH_SIZE = 128

# From uint8 images, one or more, to float32 `(num_images, num_features)`.
FeatureFunction = Callable[[np.ndarray], np.ndarray]


@own_keras_settings()
def build_feature_extractor(
    discriminator: keras.Sequential, grid_size: int = 4
) -> keras.Model:
    """Builds the image-to-vector map behind the linear probe.

    Max-pools each convolution's activations (after LeakyReLU) to
    `grid_size` x `grid_size`, flattens and concatenates them (Radford et
    al., 2016, Section 5.1). Where a map's side is no multiple of the grid,
    neighbouring cells overlap by a pixel, so that images of any size the
    networks make have features; the paper's sizes divide evenly.

    Args:
        discriminator: From `build_discriminator`, unconditional. Shared,
            not copied: training it further changes the features.
        grid_size: Side of the pooled grid.

    Returns:
        A model from float32 images `(batch, height, width, channels)` in
        `[-1, 1]` to a dict of float32 `features` `(batch, grid_size**2 *
        num_filters)`, not normalised, and `logits` `(batch, 1)`. It raises
        a ValueError for integer images or an empty batch.

    Raises:
        ValueError: If `discriminator` is conditional or no DCGAN's, or a map
            is smaller than the grid.
    """
    if not any(
        isinstance(layer, keras.layers.LeakyReLU)
        for layer in discriminator.layers
    ):
        raise ValueError(
            "this discriminator has no maps to pool into features; they are "
            "a dcgan's"
        )
    if len(discriminator.inputs) > 1:
        raise ValueError(
            "a conditional discriminator needs a label to see an image, so "
            "it has no features of images alone; train without labels"
        )
    vectors = []
    for layer in discriminator.layers:
        if isinstance(layer, keras.layers.LeakyReLU):
            vectors.append(_pool(layer, grid_size))
    features = keras.layers.Concatenate(name="features")(vectors)
    return _FeatureExtractor(
        discriminator.inputs[0],
        {"features": features, "logits": discriminator.outputs[0]},
        name="discriminator_features",
    )


def make_feature_function(discriminator: keras.Sequential) -> FeatureFunction:
    """Makes D's pooled activations a function of images.

    Args:
        discriminator: As of `build_feature_extractor`, in float32 and with
            its final statistics.

    Raises:
        ValueError: As `build_feature_extractor`.
    """
    extractor = build_feature_extractor(discriminator)
    extract = traced(lambda images: extractor(images, training=False))
    return compute_in_batches(lambda images: extract(images)["features"])


def compute_in_batches(
    extract: Callable[[tf.Tensor], tf.Tensor],
) -> FeatureFunction:
    """Makes a function of a batch one of any number of images.

    Args:
        extract: From float32 images `(batch, height, width, channels)` in
            `[-1, 1]` to features. Graphs in it keep the activations that
            are pooled.
    """

    def compute(images: np.ndarray) -> np.ndarray:
        check_uint8_images(images, "a feature function")
        with without_rewrites(REMAPPING):
            return np.concatenate(
                [
                    extract(to_float(images[start : start + _BATCH_SIZE]))
                    for start in range(0, len(images), _BATCH_SIZE)
                ]
            )

    return compute


@keras.saving.register_keras_serializable("dcgan_tf")
class _FeatureExtractor(keras.Model):
    """A functional model that refuses pixels that aren't scaled."""

    def __call__(self, images, *args, **kwargs):
        if hasattr(images, "dtype"):
            check_float_images(images, "the feature extractor")
        return super().__call__(images, *args, **kwargs)


def _pool(layer: keras.layers.LeakyReLU, grid_size: int) -> keras.KerasTensor:
    """Pools a layer's input and then activates it.

    The same numbers as the other way round, since LeakyReLU never decreases;
    but integers' scales, which pooling and concatenation pass on, then stay
    each convolution's own.
    """
    pool = AdaptiveMaxPooling(grid_size, name=f"{layer.name}_pool")
    activate = keras.layers.LeakyReLU(
        layer.negative_slope,
        dtype=layer.dtype_policy,
        name=f"{layer.name}_grid",
    )
    flatten = keras.layers.Flatten(name=f"{layer.name}_flatten")
    return flatten(activate(pool(layer.input)))


@keras.saving.register_keras_serializable("dcgan_tf")
class AdaptiveMaxPooling(keras.layers.Layer):
    """Max-pools maps of any size to `grid_size` x `grid_size`.

    Cell i covers the pixels from floor(i * side / grid_size) to
    ceil((i + 1) * side / grid_size), which is plain max pooling where the
    side is a multiple.
    """

    def __init__(self, grid_size: int, **kwargs):
        super().__init__(**kwargs)
        self.grid_size = grid_size

    def build(self, input_shape):
        sides = input_shape[1:3]
        if min(sides) < self.grid_size:
            raise ValueError(
                f"a map of {sides[0]}x{sides[1]} can't be pooled to "
                f"{self.grid_size}x{self.grid_size}"
            )

    def call(self, maps):
        sides = maps.shape[1:3]
        if all(side % self.grid_size == 0 for side in sides):
            window = tuple(side // self.grid_size for side in sides)
            return ops.max_pool(
                maps, window, window, "valid", data_format="channels_last"
            )
        rows = ops.stack(
            [
                ops.max(maps[:, start:stop], axis=1)
                for start, stop in self._cells(sides[0])
            ],
            axis=1,
        )
        return ops.stack(
            [
                ops.max(rows[:, :, start:stop], axis=2)
                for start, stop in self._cells(sides[1])
            ],
            axis=2,
        )

    def _cells(self, side: int) -> list[tuple[int, int]]:
        size = self.grid_size
        return [
            (i * side // size, -(-(i + 1) * side // size)) for i in range(size)
        ]

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.grid_size, self.grid_size, input_shape[3])

    def get_config(self):
        return {**super().get_config(), "grid_size": self.grid_size}
