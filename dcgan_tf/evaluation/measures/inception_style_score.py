"""Inception-style score from class probabilities."""

import numpy as np
from sklearn.utils import check_array


def compute_inception_style_score(
    probabilities: np.ndarray, num_splits: int = 10
) -> tuple[float, float]:
    """Computes the score of Salimans et al. (2016, arXiv 1606.03498).

    `exp(E KL(p(y|x) || p(y)))`: 1 where the classifier can't tell anything,
    the number of classes where it is sure of each sample and all classes
    are equally many. It is the Inception score only with the 2015 Inception
    network's probabilities.

    Args:
        probabilities: Floats `(num_samples, num_classes)`; rows sum to 1.
        num_splits: Parts that are scored apart; samples in their order.

    Returns:
        Mean and standard deviation over the parts.

    Raises:
        ValueError: If there are fewer samples than parts, or rows are not
            probabilities.
    """
    probabilities = check_array(probabilities, dtype=np.float64)
    if len(probabilities) < num_splits:
        raise ValueError(
            f"{len(probabilities)} samples in {num_splits} parts; use fewer "
            "parts or more samples"
        )
    totals = probabilities.sum(axis=1)
    if probabilities.min() < 0 or not np.allclose(totals, 1, atol=1e-3):
        raise ValueError(
            "rows are not probabilities: sums from "
            f"{totals.min():.3g} to {totals.max():.3g}, least value "
            f"{probabilities.min():.3g}"
        )
    scores = [
        _score(part) for part in np.array_split(probabilities, num_splits)
    ]
    return float(np.mean(scores)), float(np.std(scores))


def _score(probabilities: np.ndarray) -> float:
    marginal = np.broadcast_to(probabilities.mean(axis=0), probabilities.shape)
    # 0 log 0 is 0, and a class of marginal 0 has probability 0 throughout.
    some = probabilities > 0
    terms = probabilities[some] * np.log(probabilities[some] / marginal[some])
    return float(np.exp(terms.sum() / len(probabilities)))
