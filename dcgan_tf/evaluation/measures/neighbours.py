"""Memorization: distances of samples to the nearest training images."""

import hashlib

import numpy as np
from sklearn.metrics.pairwise import check_pairwise_arrays
from sklearn.neighbors import NearestNeighbors

# Held-out images nearer to training data than this fraction of themselves set
# what "suspiciously near" is.
_NEAR_QUANTILE = 0.05
# Of the usual distances of samples' nearest images: an image with a near twin
# in training is told by no smaller one.
_LEAST_USUAL_QUANTILE = 0.05


def find_nearest(
    queries: np.ndarray, references: np.ndarray, num_neighbours: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Finds the Euclidean nearest references of each query.

    Args:
        queries: Floats `(num_queries, num_features)`.
        references: Floats `(num_references, num_features)`.
        num_neighbours: How many for each.

    Returns:
        `distances`: `(num_queries, num_neighbours)`, nearest first.
        `indices`: int64 of the same shape, into the references.

    Raises:
        ValueError: If shapes don't fit, a number isn't finite or there are
            fewer references than neighbours.
    """
    queries, references = check_pairwise_arrays(queries, references)
    neighbours = NearestNeighbors(n_neighbors=num_neighbours, algorithm="brute")
    return neighbours.fit(references).kneighbors(queries)


def find_suspects(
    fake_features: np.ndarray, training_features: np.ndarray, count: int
) -> np.ndarray:
    """Finds the samples that look most like copies.

    Those whose nearest training image is nearest to them for its kind: their
    distance over that image's own to the nearest other one in training. By
    distance alone, the plainest images would always come first. Twins are one
    image, or no sample would be near them for their kind.

    Args:
        fake_features: Floats `(num_fake, num_features)`.
        training_features: Floats `(num_training, num_features)`, two or more.
        count: How many.

    Returns:
        int64 `(count,)`, the most suspect first; fewer if there are fewer.

    Raises:
        ValueError: As `find_nearest`.
    """
    distances, indices = find_nearest(fake_features, training_features)
    nearest = training_features[indices[:, 0]]
    different = _leave_out_twins(training_features)
    own = np.zeros(len(nearest))
    if len(different) > 1:
        # The nearest of all is the image itself.
        own = find_nearest(nearest, different, 2)[0][:, 1]
    least = np.quantile(own, _LEAST_USUAL_QUANTILE)
    usual = np.maximum(own, max(least, np.finfo(np.float32).tiny))
    return np.argsort(distances[:, 0] / usual, kind="stable")[:count]


def _leave_out_twins(features: np.ndarray) -> np.ndarray:
    """Returns each row once, in the order they first come in.

    Pixels of a large collection are gigabytes: rows are told apart by digests,
    and only copied where there are twins.
    """
    first = {}
    for index, row in enumerate(np.ascontiguousarray(features)):
        digest = hashlib.blake2b(row, digest_size=16).digest()
        first.setdefault(digest, index)
    if len(first) == len(features):
        return features
    return features[list(first.values())]


def compute_copying(
    fake_features: np.ndarray,
    training_features: np.ndarray,
    held_out_features: np.ndarray,
    are_pixels: bool = False,
) -> dict[str, float]:
    """Compares how near samples and held-out images are to training data.

    Held-out images tell how near new images of the same kind come by
    chance. A generator that knows the distribution comes no nearer; one that
    copies does.

    Args:
        fake_features: Floats `(num_fake, num_features)`.
        training_features: Floats `(num_training, num_features)`.
        held_out_features: Floats `(num_held_out, num_features)`.
        are_pixels: Whether these are pixels, for `contrast_fraction`.

    Returns:
        `closer_fraction`: The chance that a sample is nearer to training data
        than a held-out image is, ties counted half (the statistic of Meehan
        et al., 2020, arXiv 2004.05675, Section 3): 0.5 without copying.
        `memorized_fraction`: The fraction of samples that are nearer than 95%
        of held-out images are: without copying as
        `expect_memorized_fraction` has it, about 0.05 with many held-out
        images; 1 where all are copies.
        `contrast_fraction`, of pixels: What `memorized_fraction` comes to by
        contrast alone, as of the held-out images with the mean and the
        standard deviation of the samples' pixels, all taken together. Images
        of little contrast are near to all others: where samples have a little
        over half of the contrast of CIFAR-10's images it is a third.

    Raises:
        ValueError: If shapes don't fit or a number isn't finite.
    """

    def measure(features):
        return find_nearest(features, training_features)[0][:, 0]

    fake, held_out = measure(fake_features), np.sort(measure(held_out_features))
    nearer = len(held_out) - np.searchsorted(held_out, fake, side="right")
    tied = len(held_out) - np.searchsorted(held_out, fake) - nearer
    threshold = np.quantile(held_out, _NEAR_QUANTILE)
    values = {
        "closer_fraction": float(np.mean(nearer + tied / 2) / len(held_out)),
        "memorized_fraction": float(np.mean(fake < threshold)),
    }
    if are_pixels:
        changed = measure(_match_contrast(held_out_features, fake_features))
        values["contrast_fraction"] = float(np.mean(changed < threshold))
    return values


def _match_contrast(pixels: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Brings pixels to the mean and standard deviation of others'."""
    mean, std = np.mean(pixels), np.std(pixels)
    scale = np.std(others) / std if std else 1.0
    return (pixels - mean) * scale + np.mean(others)


def expect_memorized_fraction(num_held_out: int) -> float:
    """Computes what `memorized_fraction` is on average without copying.

    A sample is then as likely between any two held-out images' distances, in
    order, as between any others (or beyond the least or the greatest), and
    the quantile lies among these by interpolation. So it is 0.05 of many
    held-out images, but 0.13 of ten and 0.23 of four.

    Args:
        num_held_out: One or more.

    Returns:
        In `(0, 1)`.
    """
    return (1 + _NEAR_QUANTILE * (num_held_out - 1)) / (num_held_out + 1)
