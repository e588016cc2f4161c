import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf import latents


def test_latents_are_uniform_and_depend_on_the_seed_alone():
    drawn = latents.sample_latents(4_000, 5, (3, 4)).numpy()
    assert drawn.dtype == np.float32
    assert -1 <= drawn.min() < -0.99 and 0.99 < drawn.max() < 1
    assert abs(drawn.mean()) < 0.02
    assert abs(drawn.var() - 1 / 3) < 0.01
    tf.random.set_seed(9)
    np.testing.assert_array_equal(
        drawn, latents.sample_latents(4_000, 5, (3, 4))
    )
    assert not np.array_equal(drawn, latents.sample_latents(4_000, 5, (3, 5)))


def test_a_seed_gives_its_latent_in_any_batch_and_graph():
    seeds = np.array([5, 0, 2**40, 5], np.int64)
    drawn = latents.latents_from_seeds(seeds, 7).numpy()
    np.testing.assert_array_equal(drawn[0], drawn[3])
    assert not np.array_equal(drawn[0], drawn[1])
    in_graph = tf.function(lambda s: latents.latents_from_seeds(s, 7))
    np.testing.assert_array_equal(drawn[1:3], in_graph(seeds[1:3]))


def test_straight_line_walk():
    walk = latents.interpolate(np.zeros(3), np.ones(3), 5)
    np.testing.assert_allclose(walk[:, 0], [0, 0.25, 0.5, 0.75, 1])


def test_great_circle_keeps_the_length_and_turns_evenly():
    start, stop = np.array([2.0, 0.0]), np.array([0.0, 2.0])
    walk = latents.interpolate(start, stop, 4, great_circle=True)
    np.testing.assert_allclose(np.linalg.norm(walk, axis=1), 2.0, rtol=1e-6)
    angles = np.degrees(np.arctan2(walk[:, 1], walk[:, 0]))
    np.testing.assert_allclose(angles, [0, 30, 60, 90], atol=1e-4)


def test_great_circle_through_opposite_points_is_a_line():
    start = np.array([1.0, 0.0])
    walk = latents.interpolate(start, -start, 3, great_circle=True)
    np.testing.assert_allclose(walk, [[1, 0], [0, 0], [-1, 0]])


def test_a_walk_of_one_step_is_refused():
    with pytest.raises(ValueError, match="num_steps is 1"):
        latents.interpolate(np.zeros(2), np.ones(2), 1)


def test_arithmetic_averages_each_concept():
    plus = np.array([[1.0, 0.0], [3.0, 0.0]])
    minus = np.array([[0.0, 1.0]])
    plus_too = np.array([[0.0, 4.0], [0.0, 6.0]])
    np.testing.assert_allclose(
        latents.combine(plus, minus, plus_too), [2.0, 4.0]
    )


def test_neighbours_stay_within_the_noise():
    latent = np.full(50, 0.5, np.float32)
    neighbours = latents.sample_neighbours(latent, 8, 0.25, seed=1)
    assert neighbours.shape == (8, 50)
    distances = np.abs(neighbours - latent)
    assert 0.2 < distances.max() <= 0.25


@pytest.mark.parametrize("empty", range(3))
def test_arithmetic_needs_an_exemplar_of_each_concept(empty):
    concepts = [np.ones((3, 4), np.float32) for _ in range(3)]
    concepts[empty] = concepts[empty][:0]
    with pytest.raises(ValueError, match="exemplars; each takes one or more"):
        latents.combine(*concepts)


@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_great_circle_through_parallel_points_is_a_line(factor):
    """There the circle's own formula divides zero by zero."""
    start = [0.6, 0.8]
    stop = [factor * value for value in start]
    walk = latents.interpolate(start, stop, 3, great_circle=True)
    expected = np.outer([1, (1 + factor) / 2, factor], start)
    np.testing.assert_allclose(walk, expected, rtol=1e-6)
