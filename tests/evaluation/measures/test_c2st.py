"""The two-sample test by nearest neighbours, on known layouts."""

import numpy as np

from dcgan_tf.evaluation.measures.c2st import compute_c2st_accuracy

RNG = np.random.default_rng(0)


FIRST = RNG.normal(size=(60, 5))


def test_two_sample_accuracy_of_known_layouts():
    apart = compute_c2st_accuracy(FIRST, FIRST + 1000)
    assert apart == {"accuracy": 1.0, "real": 1.0, "fake": 1.0}
    near_copies = compute_c2st_accuracy(FIRST, FIRST + 1e-6)
    assert near_copies == {"accuracy": 0.0, "real": 0.0, "fake": 0.0}
    # Generated points crowd around one real one: that one is misled.
    real = np.arange(4.0)[:, None] * 10
    crowd = np.array([[0.1], [0.2], [0.3], [0.4]])
    crowded = compute_c2st_accuracy(real, crowd)
    # 10's nearest is 0.4 at 9.6; 20 and 30 have each other.
    assert crowded == {"accuracy": 0.625, "real": 0.5, "fake": 0.75}
