"""Linear probe: fits linear SVMs on features and tests their accuracy.

Radford et al. (2016), Section 5. C is chosen on validation images that are
held out of the training images; the test images are looked at once.

CIFAR-10's 50,000 training images have 5.7 GB of the paper's features, so
there is one copy of these, filled in place, and none of the test images':
these pass block by block, through all machines at once.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from dcgan_tf.evaluation.linear_probe.kept_results import KeptRow
from dcgan_tf.evaluation.linear_probe.progress import StageProgress
from dcgan_tf.evaluation.linear_probe.protocols import (
    ProbeData,
    Protocol,
    draw_labelled,
    get_label_counts,
)
from dcgan_tf.evaluation.linear_probe.result import ProbeResult
from dcgan_tf.evaluation.linear_probe.svm import fit_svms, predict

_VALIDATION_DRAW, _TEST_DRAW = 1, 2
_BLOCK_IMAGES = 512
_NO_ROW = KeptRow(None, {})

_Compute = Callable[[np.ndarray], np.ndarray]
_Log = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class _Fit:
    """Machines of one number of labels, before they are tested."""

    C: float
    validation_accuracy: float
    machines: list[np.ndarray]


def probe_features(
    name: str,
    compute: _Compute,
    data: ProbeData,
    protocol: Protocol,
    seed: int = 0,
    log: _Log = lambda message: None,
    kept: KeptRow = _NO_ROW,
) -> list[ProbeResult]:
    """Probes one kind of features at each of a protocol's label counts.

    Args:
        name: Of the features.
        compute: From uint8 images to float32 `(num_images, num_features)`.
        data: From `arrange`.
        protocol: Counts, draws and values of C.
        seed: Of the draws. All kinds of features see the same ones.
        log: Takes lines on what is being done and how long it will take.
        kept: Results of an earlier call, which are taken over, and where
            these are kept as they come.

    Returns:
        A result for each count that the data allows.
    """
    results = {}
    for count in get_label_counts(protocol, data):
        results[count] = kept.load(count)
        if results[count] is not None:
            log(f"{name}, {_describe(count, data)}: done before, taken over")
    if None not in results.values():
        return list(results.values())
    progress = StageProgress(log, f"{name}: features", len(data.images))
    features = _compute_inputs(compute, data.images, progress)
    for count, result in results.items():
        if result is not None:
            continue
        what = f"{name}, {_describe(count, data)}"
        if count is None:
            fit = _fit_all(features, data, protocol, what, log, kept)
        else:
            fit = _fit_draws(features, data, protocol, count, seed, what, log)
        results[count] = summarise(
            name,
            features.shape[1] - 1,
            count or len(data.images),
            _test(fit.machines, compute, data, what, log),
            fit.C,
            fit.validation_accuracy,
            data,
            protocol,
        )
        kept.save(count, results[count])
        log(f"{what}: right on {results[count].accuracy:.2%}")
    return list(results.values())


def summarise(
    name: str,
    num_features: int,
    num_labels: int,
    accuracies: Sequence[float],
    C: float | None,
    validation_accuracy: float,
    data: ProbeData,
    protocol: Protocol,
) -> ProbeResult:
    """Makes a result of the test accuracies of a count's draws."""
    std = None
    if len(accuracies) > 1:
        std = protocol.std_factor * float(np.std(accuracies, ddof=1))
    return ProbeResult(
        features=name,
        num_features=num_features,
        num_labels=num_labels,
        accuracy=float(np.mean(accuracies)),
        std=std,
        num_draws=len(accuracies),
        C=C,
        validation_accuracy=validation_accuracy,
        num_validation=len(data.images) - data.num_pool,
        num_test=len(data.test_images),
    )


def _describe(count: int | None, data: ProbeData) -> str:
    return f"{count or len(data.images):,} labels"


def _compute_blocks(
    compute: _Compute, images: np.ndarray, progress: StageProgress
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yields positions and features with a last column of ones.

    That column is the intercept's input.
    """
    for start in range(0, len(images), _BLOCK_IMAGES):
        part = slice(start, min(start + _BLOCK_IMAGES, len(images)))
        block = compute(images[part])
        yield part, np.pad(block, ((0, 0), (0, 1)), constant_values=1)
        progress.advance(len(block))


def _compute_inputs(
    compute: _Compute, images: np.ndarray, progress: StageProgress
) -> np.ndarray:
    """Returns all of `_compute_blocks`, filled in place.

    Joining parts would take gigabytes twice.
    """
    inputs = None
    for part, block in _compute_blocks(compute, images, progress):
        if inputs is None:
            inputs = np.empty((len(images), block.shape[1]), np.float32)
        inputs[part] = block
    return inputs


def _fit_draws(features, data, protocol, count, seed, what, log) -> _Fit:
    """Chooses C over draws of labels, and fits it to further draws."""
    validation = slice(data.num_pool, None)
    total = protocol.num_validation_draws + protocol.num_test_draws
    progress = StageProgress(log, f"{what}: draws", total)

    def fit(purpose, draw, C_values, start=None):
        chosen = draw_labelled(data, count, (seed, purpose, count, draw))
        yield from fit_svms(
            features[chosen], data.labels[chosen], C_values, start
        )
        progress.advance()

    scores, fitted = [], []
    for draw in range(protocol.num_validation_draws):
        fitted = list(fit(_VALIDATION_DRAW, draw, protocol.C_values))
        scores.append(
            [
                _score(weights, features[validation], data.labels[validation])
                for weights in fitted
            ]
        )
    C, validation_accuracy = _choose(protocol, np.mean(scores, axis=0))
    # What other draws came to is nearer to these than nothing is.
    start = fitted[protocol.C_values.index(C)]
    machines = [
        weights
        for draw in range(protocol.num_test_draws)
        for weights in fit(_TEST_DRAW, draw, (C,), start)
    ]
    return _Fit(C, validation_accuracy, machines)


def _fit_all(features, data, protocol, what, log, kept: KeptRow) -> _Fit:
    """C from the pool and the validation images; then both train."""
    pool, validation = slice(data.num_pool), slice(data.num_pool, None)
    C_values = protocol.C_values
    progress = StageProgress(log, f"{what}: fits", len(C_values) + 1)
    fits = kept.load_fits()
    if fits.scores:
        log(f"{what}: {len(fits.scores)} fits done before, taken over")
        progress.skip(len(fits.scores))
    left = C_values[len(fits.scores) :]
    machines = iter(
        fit_svms(features[pool], data.labels[pool], left, fits.last)
    )
    # The larger C, the longer its fit takes: minutes with all labels.
    while not _has_fallen(fits.scores):
        weights = next(machines, None)
        if weights is None:
            break
        fits = fits.add(
            weights,
            _score(weights, features[validation], data.labels[validation]),
        )
        kept.save_fits(fits)
        progress.advance()
    C, validation_accuracy = _choose(protocol, np.array(fits.scores))
    machines = list(fit_svms(features, data.labels, (C,), fits.best))
    progress.advance()
    return _Fit(C, validation_accuracy, machines)


def _test(machines, compute, data, what, log) -> list[float]:
    """Returns each machine's accuracy on the test images."""
    progress = StageProgress(log, f"{what}: test images", len(data.test_images))
    right = np.zeros(len(machines))
    blocks = _compute_blocks(compute, data.test_images, progress)
    for part, inputs in blocks:
        labels = data.test_labels[part]
        for index, weights in enumerate(machines):
            right[index] += np.sum(predict(weights, inputs) == labels)
    return (right / len(data.test_images)).tolist()


def _score(weights, features, labels) -> float:
    return float(np.mean(predict(weights, features) == labels))


def _has_fallen(scores: Sequence[float]) -> bool:
    """Whether accuracy fell twice in a row as C grew: its best is passed."""
    return len(scores) > 2 and scores[-3] > scores[-2] > scores[-1]


def _choose(protocol: Protocol, scores: np.ndarray) -> tuple[float, float]:
    best = int(scores.argmax())  # The smallest C of equals.
    return protocol.C_values[best], float(scores[best])
