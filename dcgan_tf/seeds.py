"""Latent seeds and classes of the images that a command's --seed gives.

One rule for the commands, evaluation, exports and the client: an image is
decided by its latent seed alone.
"""

import numpy as np

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
