"""1-NN error of real images classified by generated ones (appendix)."""

import numpy as np
from sklearn.metrics.pairwise import check_pairwise_arrays
from sklearn.neighbors import KNeighborsClassifier


def compute_one_nn_error(
    fit_images: np.ndarray,
    fit_labels: np.ndarray,
    test_images: np.ndarray,
    test_labels: np.ndarray,
) -> float:
    """Computes the test error of 1-nearest-neighbour classification.

    Fitted on a conditional generator's samples, it says whether they are as
    good as real images for telling real ones apart (Radford et al., 2016,
    Section 8). Distances are Euclidean, of pixels.

    Args:
        fit_images: `(num_fit, ...)`, real or generated.
        fit_labels: int `(num_fit,)`.
        test_images: `(num_test, ...)`, real.
        test_labels: int `(num_test,)`.

    Returns:
        The fraction of wrong labels, in `[0, 1]`.

    Raises:
        ValueError: If shapes don't fit or a number isn't finite.
    """
    fit, test = check_pairwise_arrays(
        _flatten(fit_images), _flatten(test_images)
    )
    classifier = KNeighborsClassifier(n_neighbors=1, algorithm="brute")
    classifier.fit(fit, fit_labels)
    return 1.0 - float(classifier.score(test, test_labels))


def _flatten(images: np.ndarray) -> np.ndarray:
    images = np.asarray(images)
    return images.reshape(len(images), -1).astype(np.float32)
