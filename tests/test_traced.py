"""A program that loads many runs isn't told that it traces too often."""

import numpy as np
import tensorflow as tf

from dcgan_tf.runs.sampling import build_sampler
from dcgan_tf.traced import traced


def test_functions_of_the_same_lines_are_counted_apart(caplog):
    for number in range(8):

        @traced
        def add(values, number=number):
            return values + number

        assert add(tf.constant(1)) == 1 + number
    assert "retracing" not in caplog.text


def test_many_runs_are_drawn_from_without_a_warning(caplog):
    def draw(latents, training):
        return tf.reshape(latents, (-1, 1, 1, 2))

    for _ in range(6):
        sampler = build_sampler(draw, latent_dim=2)
        assert sampler(np.arange(3), None).shape == (3, 1, 1, 2)
    assert "retracing" not in caplog.text


def test_other_shapes_make_it_one_of_any_shape():
    double = traced(lambda values: values * 2)
    for size in range(1, 5):
        assert double(tf.ones(size)).shape == (size,)
    assert double.experimental_get_tracing_count() == 2
