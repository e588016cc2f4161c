"""Shares of the likeliest classes."""

from dcgan_tf.evaluation.measures.class_coverage import (
    compute_class_fractions,
    compute_confident_fraction,
)


def test_shares_count_the_likeliest_class():
    probabilities = [[0.6, 0.4, 0], [0.95, 0, 0.05], [0.1, 0.9, 0], [1, 0, 0]]
    assert compute_class_fractions(probabilities).tolist() == [0.75, 0.25, 0]
    # 0.9 itself is not over 90% sure.
    assert compute_confident_fraction(probabilities) == 0.5
    assert compute_confident_fraction(probabilities, 0.5) == 1.0
