"""Differentiable augmentation: DiffAugment's colour, translation and cutout.

Zhao et al., 2020, "Differentiable Augmentation for Data-Efficient GAN
Training", arXiv 2006.10738, Section 3 and Appendix B. D sees real and
generated images through the same random changes, and G gets its gradient
through them, so that a small collection is harder to learn by heart and the
changes don't leak into what G draws. Not in the DCGAN paper.
"""

import tensorflow as tf

_BRIGHTNESS = 0.5
_SATURATION = (0.0, 2.0)
_CONTRAST = (0.5, 1.5)
_TRANSLATION_RATIO = 1 / 8
_CUTOUT_RATIO = 1 / 2

_NUM_DRAWS = 7
_GENERATOR = "philox"


def augment(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Changes every image in its own way, the same way for the same seed.

    Brightness moves by up to 0.5, saturation by a factor of 0 to 2, contrast
    by 0.5 to 1.5; images shift by up to an eighth of their sides; a square
    of half their sides goes. What is uncovered or cut becomes 0, mid-grey.

    Args:
        images: Floats `(batch, height, width, channels)` in `[-1, 1]`,
            sides statically known.
        seed: Integers `(2,)`.

    Returns:
        The same shape and dtype, differentiable with respect to `images`.
        Values may leave `[-1, 1]`.
    """
    keys = tf.random.split(seed, _NUM_DRAWS, alg=_GENERATOR)
    images = _change_colour(images, keys[:3])
    images = _translate(images, keys[3:5])
    return _cut_out(images, keys[5:])


def _draw(
    images: tf.Tensor, key: tf.Tensor, low: float, high: float
) -> tf.Tensor:
    """A number in `[low, high)` for each image, `(batch, 1, 1, 1)`."""
    shape = (tf.shape(images)[0], 1, 1, 1)
    values = tf.random.stateless_uniform(shape, key, low, high, alg=_GENERATOR)
    return tf.cast(values, images.dtype)


def _change_colour(images: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
    images += _draw(images, keys[0], -_BRIGHTNESS, _BRIGHTNESS)
    grey = tf.reduce_mean(images, axis=3, keepdims=True)
    images = grey + (images - grey) * _draw(images, keys[1], *_SATURATION)
    mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
    return mean + (images - mean) * _draw(images, keys[2], *_CONTRAST)


def _draw_integers(
    images: tf.Tensor, key: tf.Tensor, low: int, high: int
) -> tf.Tensor:
    """An integer in `[low, high]` for each image, `(batch, 1)`."""
    return tf.random.stateless_uniform(
        (tf.shape(images)[0], 1), key, low, high + 1, tf.int32, alg=_GENERATOR
    )


def _translate(images: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
    """Shifts by products with 0-1 matrices: gathers' gradients are slow."""
    _, height, width, _ = images.shape
    rows = _make_shift(images, keys[0], height)
    columns = _make_shift(images, keys[1], width)
    images = tf.einsum("bik,bkwc->biwc", rows, images)
    return tf.einsum("bjk,bikc->bijc", columns, images)


def _make_shift(images: tf.Tensor, key: tf.Tensor, side: int) -> tf.Tensor:
    """`(batch, side, side)` that moves an axis by up to an eighth of it."""
    most = round(side * _TRANSLATION_RATIO)
    offsets = _draw_integers(images, key, -most, most)
    origins = tf.range(side)[None] + offsets
    # An origin outside the image gives a row of zeros.
    return tf.one_hot(origins, side, dtype=images.dtype)


def _cut_out(images: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
    """The square's centre is anywhere, so that some of it may be outside."""
    _, height, width, _ = images.shape
    rows = _draw_span(images, keys[0], height)
    columns = _draw_span(images, keys[1], width)
    is_cut = rows[:, :, None, None] & columns[:, None, :, None]
    return tf.where(is_cut, tf.zeros((), images.dtype), images)


def _draw_span(images: tf.Tensor, key: tf.Tensor, side: int) -> tf.Tensor:
    """Marks half of an axis around a random centre, `(batch, side)`."""
    length = round(side * _CUTOUT_RATIO)
    starts = _draw_integers(images, key, 0, side - 1) - length // 2
    places = tf.range(side)[None]
    return (places >= starts) & (places < starts + length)
