"""Batch-norm statistics measured anew before a network is used.

The moving averages of training lag behind the weights, and are wrong for an
average of weights. The authors re-estimate them on real images and then
freeze them (Newmu/dcgan_code, svhn/svhn_semisup_analysis.py).
"""

from collections.abc import Iterable

import keras
import tensorflow as tf


def reestimate_statistics(model: keras.Model, batches: Iterable) -> int:
    """Sets each batch norm's moving statistics to means over batches.

    Each batch passes in training mode, so that later layers see inputs
    normalised as in training; the mean of the batches' means and biased
    variances becomes the moving mean and variance.

    Args:
        model: Sequential or functional; changed in place.
        batches: Inputs of `model`, at least one.

    Returns:
        The number of batches.

    Raises:
        ValueError: If there are no batches.
    """
    norms = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    taps = keras.Model(
        model.inputs if len(model.inputs) > 1 else model.inputs[0],
        [norm.input for norm in norms],
    )

    @tf.function(reduce_retracing=True)
    def compute_moments(batch):
        # A model with one output gives it bare.
        maps = keras.tree.flatten(taps(batch, training=True))
        return [
            tf.nn.moments(tf.cast(x, tf.float32), list(range(x.shape.rank - 1)))
            for x in maps
        ]

    count = 0
    totals = [[0.0, 0.0] for _ in norms]
    for batch in batches:
        count += 1
        for total, moments in zip(totals, compute_moments(batch), strict=True):
            total[0] += moments[0]
            total[1] += moments[1]
    if not count:
        raise ValueError("no batches to measure batch-norm statistics on")
    for norm, (mean, variance) in zip(norms, totals, strict=True):
        norm.moving_mean.assign(mean / count)
        norm.moving_variance.assign(variance / count)
    return count
