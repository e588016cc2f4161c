"""Pixel features: G's activations, for segmentation from few labels.

G computes, on the way to an image, what belongs to what. A linear classifier
of one pixel's activations, fitted on a handful of labelled samples, labels
the pixels of any other sample.
"""

import dataclasses

import keras
import numpy as np
import scipy.ndimage
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dcgan_tf.kernels.keras_settings import own_keras_settings

# A few labelled samples are thousands of pixels, but of few kinds.
_C = 0.1
_MAX_ITERATIONS = 1_000
# Halfway between black and white.
_STROKE_LEVEL = 0.0
BACKGROUND, STROKE, HOLE = 0, 1, 2
SEGMENT_NAMES = ("background", "stroke", "hole")


@own_keras_settings()
def build_pixel_features(generator: keras.Model) -> keras.Model:
    """Builds the map from latents to features of every pixel.

    Activations after each ReLU, enlarged to the image's size by bilinear
    interpolation and concatenated, with the image itself, G's last one: the
    maps before it are half its size and can't place an edge to the pixel.

    Args:
        generator: Unconditional, in float32. Shared, not copied.

    Returns:
        From float32 latents `(batch, latent_dim)` to `[features, images]`:
        float32 `(batch, height, width, num_features)` and
        `(batch, height, width, channels)` in `[-1, 1]`.

    Raises:
        ValueError: If the generator is conditional.
    """
    if len(generator.inputs) > 1:
        raise ValueError(
            "a conditional generator's labels are features too; pixel "
            "features are for runs without labels"
        )
    height, width = generator.output_shape[1:3]
    maps = []
    for layer in generator.layers:
        if isinstance(layer, keras.layers.ReLU):
            scale = (
                height // layer.output.shape[1],
                width // layer.output.shape[2],
            )
            maps.append(
                keras.layers.UpSampling2D(scale, interpolation="bilinear")(
                    layer.output
                )
            )
    features = keras.layers.Concatenate()([*maps, generator.outputs[0]])
    return keras.Model(generator.inputs[0], [features, generator.outputs[0]])


def label_strokes(images: np.ndarray) -> np.ndarray:
    """Labels pixels of light strokes on black: the truth, by computation.

    A hole is background that the stroke encloses. No pixel shows by itself
    that it is in one.

    Args:
        images: float32 `(count, height, width, 1)` in `[-1, 1]`.

    Returns:
        int64 `(count, height, width)` of `BACKGROUND`, `STROKE`, `HOLE`.
    """
    strokes = images[..., 0] > _STROKE_LEVEL
    filled = np.stack([scipy.ndimage.binary_fill_holes(s) for s in strokes])
    return np.where(strokes, STROKE, np.where(filled, HOLE, BACKGROUND))


class NoSegmentsError(ValueError):
    """Samples don't show what they would be segmented into."""


@dataclasses.dataclass(frozen=True)
class Segmentation:
    """How well pixels were labelled.

    Attributes:
        num_labelled: Samples whose pixels were labelled to fit on.
        num_test: Other samples.
        overlaps: Intersection over union of each segment, over all test
            pixels.
        predicted: int64 `(num_test, height, width)`.
    """

    num_labelled: int
    num_test: int
    overlaps: dict[str, float]
    predicted: np.ndarray


def segment(
    features: np.ndarray, segments: np.ndarray, num_labelled: int
) -> Segmentation:
    """Fits on the first samples' pixels and labels the others'.

    Args:
        features: float32 `(count, height, width, num_features)`.
        segments: int `(count, height, width)`, the truth.
        num_labelled: How many are fitted on.

    Raises:
        NoSegmentsError: If the labelled ones lack a segment, none are left,
            or a feature isn't finite.
    """
    known = segments[:num_labelled]
    missing = [
        name
        for value, name in enumerate(SEGMENT_NAMES)
        if not (known == value).any()
    ]
    if missing or num_labelled >= len(segments):
        raise NoSegmentsError(
            f"{num_labelled} labelled samples of {len(segments)}"
            + (f" have no {' and no '.join(missing)}" if missing else "")
            + "; label more of more samples"
        )
    if not np.isfinite(features).all():
        raise NoSegmentsError("G's features are not all finite")
    classifier = make_pipeline(
        StandardScaler(),
        LogisticRegression(C=_C, max_iter=_MAX_ITERATIONS),
    )
    num_features = features.shape[-1]
    classifier.fit(
        features[:num_labelled].reshape(-1, num_features), known.reshape(-1)
    )
    truth = segments[num_labelled:]
    predicted = classifier.predict(
        features[num_labelled:].reshape(-1, num_features)
    ).reshape(truth.shape)
    overlaps = {}
    for value, name in enumerate(SEGMENT_NAMES):
        union = (truth == value) | (predicted == value)
        both = (truth == value) & (predicted == value)
        overlaps[name] = float(both.sum() / max(union.sum(), 1))
    return Segmentation(num_labelled, len(truth), overlaps, predicted)
