"""Classification by generated neighbours."""

import numpy as np

from dcgan_tf.evaluation.measures.one_nn import compute_one_nn_error


def test_one_nn_error_counts_wrong_labels():
    fit = np.array([[[0]], [[10]]], np.uint8)
    test = np.array([[[1]], [[2]], [[9]], [[250]]], np.uint8)
    # uint8 differences wrap around: 1 - 10 would be 247.
    assert compute_one_nn_error(fit, [0, 1], test, [0, 1, 1, 1]) == 0.25
