"""Linear probe: how well a linear machine classifies by given features.

Radford et al. (2016), Section 5. C is chosen on validation images that are
held out of the training images; the test images are looked at once.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from dcgan_tf.evaluation.linear_probe.protocols import (
    ProbeData,
    Protocol,
    draw_labelled,
    get_label_counts,
)
from dcgan_tf.evaluation.linear_probe.svm import fit_svms, predict

_VALIDATION_DRAW, _TEST_DRAW = 1, 2
_BLOCK_IMAGES = 2_048


@dataclasses.dataclass(frozen=True)
class ProbeResult:
    """How well features did at one number of labels.

    Attributes:
        features: What the features are.
        num_features: How many; 0 where no linear machine was used.
        num_labels: Labels trained on.
        accuracy: Mean fraction of test images that got their class.
        std: Of the accuracies over draws: sample standard deviation times the
            protocol's factor; None for a single draw.
        num_draws: Draws tested.
        C: The chosen C; None where no linear machine was used.
        validation_accuracy: The mean that it was chosen by.
        num_validation: Labelled images that chose it.
        num_test: Test images.
    """

    features: str
    num_features: int
    num_labels: int
    accuracy: float
    std: float | None
    num_draws: int
    C: float | None
    validation_accuracy: float
    num_validation: int
    num_test: int


def probe_features(
    name: str,
    compute: Callable[[np.ndarray], np.ndarray],
    data: ProbeData,
    protocol: Protocol,
    seed: int = 0,
    log: Callable[[str], None] = lambda message: None,
) -> list[ProbeResult]:
    """Probes one kind of features at each of a protocol's label counts.

    Args:
        name: Of the features.
        compute: From uint8 images to float32 `(num_images, num_features)`.
        data: From `arrange`.
        protocol: Counts, draws and values of C.
        seed: Of the draws. All kinds of features see the same ones.
        log: Takes a line on what is being done.

    Returns:
        A result for each count that the data allows.
    """
    log(f"{name}: features of {len(data.images)} images")
    features = _compute_inputs(compute, data.images)
    log(f"{name}: features of {len(data.test_images)} test images")
    test_features = _compute_inputs(compute, data.test_images)
    results = []
    for count in get_label_counts(protocol, data):
        log(f"{name}: {count or len(data.images)} labels")
        if count is None:
            fit = _probe_all(features, test_features, data, protocol)
        else:
            fit = _probe_draws(
                features, test_features, data, protocol, count, seed
            )
        C, validation_accuracy, accuracies = fit
        results.append(
            summarise(
                name,
                features.shape[1] - 1,
                count or len(data.images),
                accuracies,
                C,
                validation_accuracy,
                data,
                protocol,
            )
        )
    return results


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


def _compute_inputs(compute, images) -> np.ndarray:
    """Returns features with a last column of ones, the intercept's input.

    Filled in prefix: joining parts would take gigabytes twice.
    """
    inputs = None
    for start in range(0, len(images), _BLOCK_IMAGES):
        part = compute(images[start : start + _BLOCK_IMAGES])
        if inputs is None:
            inputs = np.ones((len(images), part.shape[1] + 1), np.float32)
        inputs[start : start + len(part), :-1] = part
    return inputs


def _probe_draws(features, test_features, data, protocol, count, seed):
    """Returns the chosen C, its validation accuracy, the test accuracies."""
    validation = slice(data.num_pool, None)
    scores = []
    for draw in range(protocol.num_validation_draws):
        chosen = draw_labelled(
            data, count, (seed, _VALIDATION_DRAW, count, draw)
        )
        scores.append(
            _score_strengths(
                features[chosen],
                data.labels[chosen],
                protocol.C_values,
                features[validation],
                data.labels[validation],
            )
        )
    C, validation_accuracy = _choose(protocol, np.mean(scores, axis=0))
    accuracies = []
    for draw in range(protocol.num_test_draws):
        chosen = draw_labelled(data, count, (seed, _TEST_DRAW, count, draw))
        accuracies += _score_strengths(
            features[chosen],
            data.labels[chosen],
            (C,),
            test_features,
            data.test_labels,
        )
    return C, validation_accuracy, accuracies


def _probe_all(features, test_features, data, protocol):
    """C from the pool and the validation images; then both train."""
    pool, validation = slice(data.num_pool), slice(data.num_pool, None)
    scores = _score_strengths(
        features[pool],
        data.labels[pool],
        protocol.C_values,
        features[validation],
        data.labels[validation],
    )
    C, validation_accuracy = _choose(protocol, np.array(scores))
    accuracies = _score_strengths(
        features, data.labels, (C,), test_features, data.test_labels
    )
    return C, validation_accuracy, accuracies


def _score_strengths(features, labels, C_values, test_features, test_labels):
    return [
        float(np.mean(predict(weights, test_features) == test_labels))
        for weights in fit_svms(features, labels, C_values)
    ]


def _choose(protocol: Protocol, scores: np.ndarray) -> tuple[float, float]:
    best = int(scores.argmax())  # The smallest C of equals.
    return protocol.C_values[best], float(scores[best])
