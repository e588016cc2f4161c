"""Classes of the samples that are measured."""

import numpy as np
import pytest

from dcgan_tf.evaluation.real_images import draw_labels_as
from dcgan_tf.seeds import make_seeds


@pytest.mark.parametrize(
    ("training", "num_classes", "expected"),
    [
        # As the digits are: just what the command `sample` draws.
        ([0, 1, 2] * 4, 3, [0, 1, 2, 0, 1, 2]),
        ([0, 0, 0, 0, 0, 2, 0, 0], 3, [0, 0, 0, 0, 0, 2]),
        ([1, 1, 0, 1], 2, [1, 1, 0, 1, 1, 1]),  # Fewer than samples.
        # Other classes than the run's, attributes, and no labels.
        ([0, 1, 3, 0, 0, 0], 3, [0, 1, 2, 0, 1, 2]),
        ([-1, 0, 0, 0, 0, 0], 2, [0, 1, 0, 1, 0, 1]),
        ([[0, 1]] * 6, 2, [0, 1, 0, 1, 0, 1]),
        (None, 2, [0, 1, 0, 1, 0, 1]),
        ([0, 1, 0, 0, 0, 0], 0, None),
    ],
)
def test_samples_have_the_classes_of_training_images(
    training, num_classes, expected
):
    training = None if training is None else np.asarray(training)
    labels = draw_labels_as(training, make_seeds(0, 6), num_classes)
    assert (labels if labels is None else labels.tolist()) == expected


def test_digits_are_drawn_as_the_command_sample_draws_them():
    from dcgan_tf.data.embedded import EMBEDDED
    from dcgan_tf.seeds import choose_labels

    _, labels, _ = EMBEDDED["mnist_5k"]("train")
    seeds = make_seeds(3, 2_000)
    np.testing.assert_array_equal(
        draw_labels_as(labels, seeds, 10), choose_labels(seeds, 10)
    )
