"""Linear support vector machines on many features.

They minimise, for each class against the rest,
`|w|^2 / 2 + C * sum(max(0, 1 - y w.x)^2)` with a constant 1 appended to `x`:
what scikit-learn's `LinearSVC` minimises by default, and the authors used.

`LinearSVC` itself takes 16 times as long for 4,000 samples of 3,072 features
(`benchmarks/probe_scale.py --peer`), and copies them into float64.
"""

from collections.abc import Iterator

import numpy as np
import scipy.optimize

# Finding the coordinates takes the cube of the samples.
_MAX_COORDINATES = 5_000
_BLOCK_ROWS = 1_024
_MAX_ITERATIONS = 1_000
_TOLERANCE = 1e-7
_NUM_PRECONDITIONER_SAMPLES = 1_000
# float32 knows nothing of directions weaker than this, squared, beside the
# strongest.
_RANK_TOLERANCE = 1e-7


def fit_svms(
    features: np.ndarray,
    labels: np.ndarray,
    C_values: tuple[float, ...],
    start: np.ndarray | None = None,
) -> Iterator[np.ndarray]:
    """Fits a machine for each C.

    All classes are fitted at once, in the same matrix products, by SciPy's
    L-BFGS, until a pass gains less than a ten-millionth. Each C starts from
    the weights of the one before.

    Args:
        features: float32 `(num_samples, num_features)`, the last one 1; may
            be a `numpy.memmap`.
        labels: Integers `(num_samples,)` from 0, each class there.
        C_values: Values of C, ascending.
        start: Weights to begin with, of a smaller C or fewer samples; the
            minimum is the same, and nearer.

    Returns:
        For each C float32 weights `(num_features, num_classes)`, as they are
        found.
    """
    num_samples, num_features = features.shape
    if num_samples < num_features and num_samples <= _MAX_COORDINATES:
        return _fit_in_own_coordinates(features, labels, C_values, start)
    return _fit_in_feature_space(features, labels, C_values, start)


def _fit_in_own_coordinates(features, labels, C_values, start):
    """Fits fewer samples than features.

    The best weights are combinations of the samples, so that the problem is
    the same one in as many coordinates as there are samples: at ten labels,
    thousands of times less work.
    """
    # The basis itself, `features.T @ mixes`, is as large as the features.
    mixes, lengths = _find_mixes(features)
    coordinates = mixes * lengths**2
    start = None if start is None else mixes.T @ (features @ start)
    for weights in _minimise_for_each(
        coordinates, labels, C_values, start, _Axes(lengths**2)
    ):
        yield features.T @ (mixes @ weights)


def _fit_in_feature_space(features, labels, C_values, start):
    """Fits any number of samples, without a copy of their features.

    Directions in which samples vary most are scaled down, or the minimum
    would lie in a long narrow valley.
    """
    stride = -(-len(features) // _NUM_PRECONDITIONER_SAMPLES)
    some = np.ascontiguousarray(features[::stride])
    mixes, lengths = _find_mixes(some)
    variances = lengths**2 * (len(features) / len(some))
    return _minimise_for_each(
        features,
        labels,
        C_values,
        start,
        _Directions(variances, some.T @ mixes),
    )


class _Axes:
    """Scales weights so that the objective is about as curved in each.

    Args:
        variances: Sums of squares of the samples along each axis, ascending.
    """

    def __init__(self, variances: np.ndarray):
        self._variances = variances

    def compute_scales(self, C: float) -> np.ndarray:
        """Computes factors: 1 for what is the flattest."""
        curvatures = 1 + 2 * C * self._variances
        return np.sqrt(curvatures[0] / curvatures).astype(np.float32)

    def scale(self, values: np.ndarray, scales: np.ndarray) -> np.ndarray:
        """Multiplies each axis by its factor."""
        return values * scales[:, None]


class _Directions(_Axes):
    """The same along some directions.

    All others are taken for as flat as the flattest known.

    Args:
        variances: As there.
        directions: Orthonormal columns.
    """

    def __init__(self, variances: np.ndarray, directions: np.ndarray):
        super().__init__(variances)
        self._directions = directions

    def scale(self, values: np.ndarray, scales: np.ndarray) -> np.ndarray:
        """Multiplies what is along each direction by its factor."""
        along = self._directions.T @ values
        return values + self._directions @ super().scale(along, scales - 1)


def _minimise_for_each(features, labels, C_values, start, axes: _Axes):
    """Finds the weights for each C, from those before on."""
    num_classes = int(labels.max()) + 1
    signs = np.where(np.eye(num_classes)[labels], 1, -1).astype(np.float32)
    weights = start
    if weights is None:
        weights = np.zeros((features.shape[1], num_classes), np.float32)
    for C in C_values:
        weights = _minimise(features, signs, C, axes, weights)
        yield weights


def _minimise(features, signs, C, axes: _Axes, weights):
    """Finds the weights for one C, from those given on."""
    scales = axes.compute_scales(C)

    def objective(flat):
        scaled = flat.reshape(weights.shape).astype(np.float32)
        loss, gradient = _compute_objective(
            axes.scale(scaled, scales), features, signs, C
        )
        return loss, axes.scale(gradient, scales).ravel().astype(np.float64)

    result = scipy.optimize.minimize(
        objective,
        axes.scale(weights, 1 / scales).ravel().astype(np.float64),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _MAX_ITERATIONS, "ftol": _TOLERANCE},
    )
    scaled = result.x.reshape(weights.shape).astype(np.float32)
    return axes.scale(scaled, scales)


def predict(weights: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Returns each sample's class, int64 `(num_samples,)`.

    Args:
        weights: `(num_features, num_classes)`, from a fit.
        features: float32 `(num_samples, num_features)`, the last one 1.
    """
    return np.concatenate(
        [
            (features[start : start + _BLOCK_ROWS] @ weights).argmax(axis=1)
            for start in range(0, len(features), _BLOCK_ROWS)
        ]
    )


def _find_mixes(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Finds how few samples mix to an orthonormal basis of their own.

    Returns:
        float32 `(num_samples, rank)`: the samples' products with the columns
        are right singular vectors. float32 `(rank,)`: the singular values,
        ascending.
    """
    is_tall = samples.shape[0] > samples.shape[1]
    # The smaller of the two, whose eigenvalues are the same but for zeros.
    products = samples.T @ samples if is_tall else samples @ samples.T
    squares, vectors = np.linalg.eigh(products.astype(np.float64))
    known = squares > _RANK_TOLERANCE * squares[-1]
    squares, vectors = squares[known], vectors[:, known]
    lengths = np.sqrt(squares)
    mixes = (samples @ vectors) / squares if is_tall else vectors / lengths
    return mixes.astype(np.float32), lengths.astype(np.float32)


def _compute_objective(weights, features, signs, C):
    loss = 0.5 * float(np.sum(weights**2, dtype=np.float64))
    gradient = weights.copy()
    for start in range(0, len(features), _BLOCK_ROWS):
        block = features[start : start + _BLOCK_ROWS]
        sign = signs[start : start + _BLOCK_ROWS]
        slack = np.maximum(1 - sign * (block @ weights), 0)
        loss += C * float(np.sum(slack**2, dtype=np.float64))
        # This way round the product is a third faster than its transpose.
        gradient -= 2 * C * ((sign * slack).T @ block).T
    return loss, gradient
