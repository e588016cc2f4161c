"""Class coverage: which classes samples show, and how confidently."""

import numpy as np
from sklearn.utils import check_array


def compute_class_fractions(probabilities: np.ndarray) -> np.ndarray:
    """Computes the fraction of samples whose likeliest class is each.

    Args:
        probabilities: Floats `(num_samples, num_classes)`.

    Returns:
        float64 `(num_classes,)` that sum to 1.

    Raises:
        ValueError: If there are no samples or a number isn't finite.
    """
    probabilities = check_array(probabilities)
    counts = np.bincount(
        probabilities.argmax(axis=1), minlength=probabilities.shape[1]
    )
    return counts / len(probabilities)


def compute_confident_fraction(
    probabilities: np.ndarray, threshold: float = 0.9
) -> float:
    """Computes the fraction of samples that are classified with confidence.

    Args:
        probabilities: Floats `(num_samples, num_classes)`.
        threshold: Confident is a likeliest class of more than this.

    Returns:
        In `[0, 1]`.

    Raises:
        ValueError: If there are no samples or a number isn't finite.
    """
    probabilities = check_array(probabilities)
    return float((probabilities.max(axis=1) > threshold).mean())
