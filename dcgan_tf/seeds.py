"""Latent seeds and classes of the images that a command's --seed gives.

One rule for the commands, evaluation, exports and the client: an image is
decided by its latent seed alone.
"""

import contextlib
import random
from collections.abc import Iterator

import numpy as np

from dcgan_tf.context.shared_by_threads import shared_by_threads

# Image i of --seed has the latent seed `seed * this + i`, so that no image of
# one --seed is one of another's.
SEEDS_PER_SEED = 1_000_000
# Those of its images have 63 bits.
LARGEST_SEED = 2**63 // SEEDS_PER_SEED - 1


def make_seeds(seed: int, count: int) -> np.ndarray:
    """Returns the latent seeds of a seed's first images, int64 `(count,)`.

    Raises:
        ValueError: If `count` is under 1.
    """
    if count < 1:
        raise ValueError(f"count is {count}; a sample takes at least 1 image")
    # Python's own product: that of NumPy's int32 would overflow.
    return np.arange(count, dtype=np.int64) + int(seed) * SEEDS_PER_SEED


def choose_labels(
    seeds: np.ndarray, num_classes: int, label: int | np.ndarray | None = None
) -> np.ndarray | None:
    """Chooses the classes that images of latent seeds are drawn with.

    Args:
        seeds: int64 `(count,)`.
        num_classes: Of the generator; 0 for none.
        label: The class of all, or each one's, int `(count,)`; None for
            `seed % num_classes`, which are classes in turn.

    Returns:
        int32 `(count,)`; None without classes.
    """
    if not num_classes:
        return None
    if label is None:
        return (np.asarray(seeds) % num_classes).astype(np.int32)
    return np.full(len(seeds), label, np.int32)


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


@shared_by_threads
@contextlib.contextmanager
def keep_random_states() -> Iterator[None]:
    """Leaves Python's and NumPy's global generators as it found them.

    Keras seeds them with TensorFlow's, and a program that calls the library
    has its own use for them. TensorFlow's state can't be put back: its
    operations count what they have drawn where nobody can read it.
    """
    python_state, numpy_state = random.getstate(), np.random.get_state()
    yield
    random.setstate(python_state)
    np.random.set_state(numpy_state)
