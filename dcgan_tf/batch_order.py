"""The order of examples in the training of small classifiers and encoders."""

import numpy as np


def draw_batches(
    num_examples: int, num_batches: int, batch_size: int, seed: int
) -> np.ndarray:
    """Draws which examples each batch of a training has.

    Epoch after epoch, each in an order of its own. They depend on `seed`
    alone: `tf.data.Dataset.shuffle` mixes in TensorFlow's global seed, which
    is the program's, whatever seed it is given.

    Returns:
        int64 `(num_batches, batch_size)` in `[0, num_examples)`. A batch may
        begin in one epoch and end in the next.
    """
    rng = np.random.default_rng(seed)
    count = num_batches * batch_size
    epochs = [
        rng.permutation(num_examples) for _ in range(0, count, num_examples)
    ]
    return np.concatenate(epochs)[:count].reshape(num_batches, batch_size)
