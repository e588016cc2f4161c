"""Batch-norm statistics re-estimated before a network is used.

The moving averages of training lag behind the weights, and are wrong for an
average of weights. The authors re-estimate them on real images and then
freeze them (Newmu/dcgan_code, svhn/svhn_semisup_analysis.py).
"""

import weakref
from collections.abc import Callable, Iterable

import keras
import tensorflow as tf

from dcgan_tf.images import check_float_images
from dcgan_tf.traced import traced

_Norms = list[keras.layers.BatchNormalization]
_ComputeMoments = Callable[..., list[tuple[tf.Tensor, tf.Tensor]]]

# Each model's batch norms and their traced function: tracing takes longer
# than a small network's batches, and a run re-estimates for each sample grid.
_compiled: weakref.WeakKeyDictionary[
    keras.Model, tuple[_Norms, _ComputeMoments]
] = weakref.WeakKeyDictionary()


def reestimate_statistics(model: keras.Model, batches: Iterable) -> int:
    """Sets each batch norm's moving statistics to means over batches.

    Each batch passes in training mode, so that later layers see inputs
    normalised as in training; the mean of the batches' means and biased
    variances becomes the moving mean and variance.

    Args:
        model: Sequential or functional, from images or latents; changed in
            place.
        batches: Inputs of `model`, at least one batch of at least one:
            floats, images in `[-1, 1]`; lists `[inputs, labels]` where
            conditional.

    Returns:
        The number of batches. Networks without batch norms stay as they are.

    Raises:
        ValueError: If there are no batches, one is empty, or inputs aren't
            floating point.
    """
    norms, compute_moments = _compile_moments(model)
    count = 0
    totals = [[0.0, 0.0] for _ in norms]
    for batch in batches:
        count += 1
        inputs = batch[0] if isinstance(batch, list | tuple) else batch
        check_float_images(
            inputs,
            "re-estimation of batch-norm statistics",
            may_be_latents=True,
        )
        if not norms:
            continue
        for total, moments in zip(totals, compute_moments(batch), strict=True):
            total[0] += moments[0]
            total[1] += moments[1]
    if not count:
        raise ValueError("no batches to measure batch-norm statistics on")
    for norm, (mean, variance) in zip(norms, totals, strict=True):
        norm.moving_mean.assign(mean / count)
        norm.moving_variance.assign(variance / count)
    return count


def list_norms(model: keras.Model) -> _Norms:
    """Lists a model's batch norms in the order of its layers."""
    return [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]


def _compile_moments(model: keras.Model) -> tuple[_Norms, _ComputeMoments]:
    """Returns a model's batch norms and what computes their inputs' moments.

    A model gets them once, and anew if its layers have changed.
    """
    norms = list_norms(model)
    if model in _compiled and _compiled[model][0] == norms:
        return _compiled[model]
    # Of layers alone: a reference to the model would keep it for ever.
    if not norms:
        return norms, lambda batch: []
    maps = keras.Model(
        model.inputs if len(model.inputs) > 1 else model.inputs[0],
        [norm.input for norm in norms],
    )

    @traced
    def compute_moments(batch):
        # A model with one output gives it bare.
        outputs = keras.tree.flatten(maps(batch, training=True))
        return [
            tf.nn.moments(tf.cast(x, tf.float32), list(range(x.shape.rank - 1)))
            for x in outputs
        ]

    _compiled[model] = norms, compute_moments
    return _compiled[model]
