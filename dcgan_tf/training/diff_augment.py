"""DiffAugment: differentiable random colour, translation and cutout.

Zhao et al., 2020, "Differentiable Augmentation for Data-Efficient GAN
Training", arXiv 2006.10738, Section 3 and Appendix B. D sees real and
generated images under random changes of the same kinds, and G gets its
gradient through them. That makes a small dataset harder to memorize without
the changes leaking into what G generates. Not in the DCGAN paper.
"""

import tensorflow as tf

from dcgan_tf.latents import GENERATOR
from dcgan_tf.training.distribution.replica_share import draw_share

_BRIGHTNESS = 0.5
_SATURATION = (0.0, 2.0)
_CONTRAST = (0.5, 1.5)
_TRANSLATION_RATIO = 1 / 8
_CUTOUT_RATIO = 1 / 2

# Steps whose signs are averaged before the probability moves.
_INTERVAL = 4
_IMAGES_FROM_0_TO_1 = 100_000

_NUM_DRAWS = 7


def augment(
    images: tf.Tensor,
    seed: tf.Tensor,
    probability: tf.Tensor | tf.Variable | None = None,
) -> tf.Tensor:
    """Augments each image with random changes of its own.

    Brightness changes by up to 0.5, saturation by a factor of 0 to 2 and
    contrast by a factor of 0.5 to 1.5; the image is shifted by up to an
    eighth of its sides; a rectangle of half its sides is cut out. Pixels
    that are uncovered or cut out become 0, mid-grey.

    In a replica context the images are this replica's share of the global
    batch: image by image, the changes are those that one replica would draw
    for the whole batch.

    Args:
        images: Floats `(batch, height, width, channels)` in `[-1, 1]`,
            sides statically known, equally many on each replica.
        seed: Integers `(2,)`, the same on each replica. The same seed gives
            the same changes on any device.
        probability: float32 scalar: how likely an image is to get each of
            the three kinds of changes; None for always.

    Returns:
        The same shape and dtype, differentiable with respect to `images`.
        Values may leave `[-1, 1]`.
    """
    keys = tf.random.split(seed, _NUM_DRAWS, alg=GENERATOR)
    colour, translation, cutout = (
        _draw_chosen(images, seed, stream, probability) for stream in range(3)
    )
    images = _change_colour(images, keys[:3], colour)
    images = _translate(images, keys[3:5], translation)
    return _cut_out(images, keys[5:], cutout)


def _draw_chosen(
    images: tf.Tensor, seed: tf.Tensor, stream: int, probability
) -> tf.Tensor | None:
    """Draws which images are changed, `(batch, 1)`; None for all."""
    if probability is None:
        return None
    # Beside the keys of the changes, which are the same without it.
    key = tf.random.fold_in(seed, stream, alg=GENERATOR)

    def draw(count):
        return tf.random.stateless_uniform((count, 1), key, alg=GENERATOR)

    return draw_share(draw, tf.shape(images)[0]) < probability


def _choose(changes: tf.Tensor, chosen: tf.Tensor | None, none: float):
    """Puts in what changes nothing where an image isn't chosen."""
    if chosen is None:
        return changes
    shape = [-1, *(1 for _ in changes.shape[1:])]
    return tf.where(
        tf.reshape(chosen, shape), changes, tf.cast(none, changes.dtype)
    )


def _draw(
    images: tf.Tensor, key: tf.Tensor, low: float, high: float
) -> tf.Tensor:
    """Draws a number in `[low, high)` for each image, `(batch, 1, 1, 1)`."""

    def draw(count):
        return tf.random.stateless_uniform(
            (count, 1, 1, 1), key, low, high, alg=GENERATOR
        )

    return tf.cast(draw_share(draw, tf.shape(images)[0]), images.dtype)


def _change_colour(
    images: tf.Tensor, keys: tf.Tensor, chosen: tf.Tensor | None = None
) -> tf.Tensor:
    # Of RGBA, what is there stays there.
    images, alpha = images[..., :3], images[..., 3:]
    brightness = _draw(images, keys[0], -_BRIGHTNESS, _BRIGHTNESS)
    images += _choose(brightness, chosen, 0.0)
    grey = tf.reduce_mean(images, axis=3, keepdims=True)
    saturation = _draw(images, keys[1], *_SATURATION)
    images = grey + (images - grey) * _choose(saturation, chosen, 1.0)
    mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
    contrast = _draw(images, keys[2], *_CONTRAST)
    images = mean + (images - mean) * _choose(contrast, chosen, 1.0)
    return tf.concat([images, alpha], axis=-1) if alpha.shape[-1] else images


def _draw_integers(
    images: tf.Tensor, key: tf.Tensor, low: int, high: int
) -> tf.Tensor:
    """Draws an integer in `[low, high]` for each image, `(batch, 1)`."""

    def draw(count):
        return tf.random.stateless_uniform(
            (count, 1), key, low, high + 1, tf.int32, alg=GENERATOR
        )

    return draw_share(draw, tf.shape(images)[0])


def _translate(
    images: tf.Tensor, keys: tf.Tensor, chosen: tf.Tensor | None = None
) -> tf.Tensor:
    """Shifts images by 0-1 matrices, as the gradients of gathers are slow."""
    _, height, width, _ = images.shape
    rows = _make_shift(images, keys[0], height, chosen)
    columns = _make_shift(images, keys[1], width, chosen)
    images = tf.einsum("bik,bkwc->biwc", rows, images)
    return tf.einsum("bjk,bikc->bijc", columns, images)


def _make_shift(
    images: tf.Tensor, key: tf.Tensor, side: int, chosen: tf.Tensor | None
) -> tf.Tensor:
    """Returns matrices `(batch, side, side)` that shift an axis."""
    most = round(side * _TRANSLATION_RATIO)
    offsets = _choose(_draw_integers(images, key, -most, most), chosen, 0)
    origins = tf.range(side)[None] + offsets
    # An origin outside the image gives a row of zeros.
    return tf.one_hot(origins, side, dtype=images.dtype)


def _cut_out(
    images: tf.Tensor, keys: tf.Tensor, chosen: tf.Tensor | None = None
) -> tf.Tensor:
    """Zeroes a rectangle centred anywhere, some of it maybe outside."""
    _, height, width, _ = images.shape
    rows = _draw_span(images, keys[0], height)
    if chosen is not None:
        rows = rows & chosen
    columns = _draw_span(images, keys[1], width)
    is_cut = rows[:, :, None, None] & columns[:, None, :, None]
    return tf.where(is_cut, tf.zeros((), images.dtype), images)


def _draw_span(images: tf.Tensor, key: tf.Tensor, side: int) -> tf.Tensor:
    """Marks half of an axis around a random centre, `(batch, side)`."""
    length = round(side * _CUTOUT_RATIO)
    starts = _draw_integers(images, key, 0, side - 1) - length // 2
    places = tf.range(side)[None]
    return (places >= starts) & (places < starts + length)


class AdaptiveProbability(tf.Module):
    """How often images are augmented: as often as D overfits, and no more.

    Karras et al., 2020, "Training Generative Adversarial Networks with
    Limited Data", arXiv 2006.06676, Section 3. D that knows its training
    images by heart calls all of them real: the mean sign of its logits on
    them, r_t, goes from 0 to 1. Each kind of change is made with a
    probability p, which rises while r_t is above a target and falls while it
    is below.

    Departures: the changes are those of `augment`; and p takes 100,000
    images from 0 to 1, the paper's rate for short trainings (its 500,000 are
    of trainings of 25 million).

    Attributes:
        probability: float32 scalar in `[0, 1]`, p.
        sign_sum: float32 scalar, of r_t since p last moved.
    """

    def __init__(self):
        super().__init__()
        self.probability = tf.Variable(0.0, trainable=False)
        self.sign_sum = tf.Variable(0.0, trainable=False)

    def adapt(
        self, sign: tf.Tensor, step: tf.Tensor, batch_size: int, target: float
    ) -> None:
        """Takes a step's r_t, and moves p every `_INTERVAL` steps.

        Call it outside of replica contexts.

        Args:
            sign: Mean sign of D's logits on the step's real images.
            step: Completed steps, this one included.
            batch_size: Images a step, over all replicas.
            target: Of r_t, above 0 and under 1.
        """
        total = self.sign_sum + sign
        is_due = tf.equal(step % _INTERVAL, 0)
        direction = tf.sign(total / _INTERVAL - target)
        change = direction * (_INTERVAL * batch_size / _IMAGES_FROM_0_TO_1)
        moved = tf.clip_by_value(self.probability + change, 0.0, 1.0)
        self.probability.assign(tf.where(is_due, moved, self.probability))
        self.sign_sum.assign(tf.where(is_due, 0.0, total))
