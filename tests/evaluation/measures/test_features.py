"""What every metric refuses of feature arrays."""

import numpy as np
import pytest

from dcgan_tf.evaluation.measures.c2st import compute_c2st_accuracy
from dcgan_tf.evaluation.measures.frechet import compute_frechet_distance
from dcgan_tf.evaluation.measures.kernel import (
    compute_kernel_distance,
)
from dcgan_tf.evaluation.measures.precision_recall import (
    compute_precision_recall,
)
from dcgan_tf.evaluation.measures.sliced_wasserstein import (
    compute_sliced_wasserstein,
)

RNG = np.random.default_rng(0)


FIRST = RNG.normal(size=(60, 5))


@pytest.mark.parametrize(
    "measure",
    [
        compute_frechet_distance,
        compute_kernel_distance,
        compute_precision_recall,
        compute_c2st_accuracy,
        compute_sliced_wasserstein,
    ],
)
@pytest.mark.parametrize(
    "fake, message",
    [
        (np.zeros((60, 4)), "shape"),
        (np.full((60, 5), np.nan), "NaN"),
        (np.zeros((1, 5)), "1"),
    ],
)
def test_bad_features_are_refused(measure, fake, message):
    with pytest.raises(ValueError, match=message):
        measure(FIRST, fake)
