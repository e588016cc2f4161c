"""Fits the linear probe at CIFAR-10's full size, on random features.

    python benchmarks/probe_scale.py [--json=F] [--smoke]
    python benchmarks/probe_scale.py --samples=4000 --features=3072 --peer

50,000 images of 28,672 features are 5.7 GB in float32; liblinear's float64
copy would be 11.5 GB more. Says how long the authors' seven values of C take
and the most memory that the process ever had. With --peer scikit-learn's
LinearSVC (liblinear) then fits the same, which takes minutes at a tenth of
that size.
"""

import resource
import time
import warnings

import command
import machine
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

from dcgan_tf.evaluation.linear_probe.protocols import AUTHORS_C_VALUES
from dcgan_tf.evaluation.linear_probe.svm import fit_svms, predict

NUM_SAMPLES, NUM_FEATURES = 50_000, 28_672
SMOKE_SAMPLES, SMOKE_FEATURES = 500, 300
_NUM_CLASSES = 10
_BLOCK_ROWS = 1_000


def make_features(num_samples: int, num_features: int):
    """Random features with a common mean and a trace of the class."""
    rng = np.random.default_rng(0)
    labels = np.arange(num_samples) % _NUM_CLASSES
    centres = rng.standard_normal(
        (_NUM_CLASSES, num_features), dtype=np.float32
    )
    features = np.empty((num_samples, num_features), np.float32)
    for start in range(0, num_samples, _BLOCK_ROWS):
        block = features[start : start + _BLOCK_ROWS]
        rng.standard_normal(dtype=np.float32, out=block)
        block += 0.5 + 0.05 * centres[labels[start : start + len(block)]]
    features[:, -1] = 1
    return features, labels


def fit_peer(features: np.ndarray, labels: np.ndarray) -> dict:
    """Fits the same with LinearSVC."""
    start = time.perf_counter()
    accuracies = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for C in AUTHORS_C_VALUES:
            svm = LinearSVC(C=C, fit_intercept=False, dual="auto")
            weights = svm.fit(features, labels).coef_.T
            accuracies[f"{C:g}"] = float(
                np.mean(predict(weights, features) == labels)
            )
    return {
        "peer_seconds": time.perf_counter() - start,
        "peer_training_accuracies": accuracies,
    }


def measure(num_samples: int, num_features: int, has_peer: bool) -> dict:
    """Fits each C of the authors' grid in turn, as the probe does."""
    features, labels = make_features(num_samples, num_features)
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    weights = list(fit_svms(features, labels, AUTHORS_C_VALUES))
    elapsed = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    peer = fit_peer(features, labels) if has_peer else {}
    return {
        "num_samples": num_samples,
        "num_features": num_features,
        "feature_bytes": features.nbytes,
        "elapsed_seconds": elapsed,
        "cpu_seconds": after.ru_utime
        + after.ru_stime
        - before.ru_utime
        - before.ru_stime,
        "peak_bytes": after.ru_maxrss * 1024,
        "training_accuracies": {
            f"{C:g}": float(np.mean(predict(w, features) == labels))
            for C, w in zip(AUTHORS_C_VALUES, weights, strict=True)
        },
        **peer,
    }


def main() -> None:
    parser = command.make_parser(__doc__)
    parser.add_argument("--samples", type=int, default=NUM_SAMPLES)
    parser.add_argument("--features", type=int, default=NUM_FEATURES)
    parser.add_argument("--peer", action="store_true")
    values = parser.parse_args()
    size = (values.samples, values.features)
    if values.smoke:
        size = (SMOKE_SAMPLES, SMOKE_FEATURES)
    figures = measure(*size, values.peer or values.smoke)
    accuracies = figures["training_accuracies"].values()
    print(
        f"{machine.describe()}\n{size[0]:,} samples of {size[1]:,} features, "
        f"{figures['feature_bytes'] / 1e9:.2f} GB in float32; "
        f"{len(accuracies)} values of C: "
        f"{figures['elapsed_seconds']:.0f} s "
        f"({figures['cpu_seconds']:.0f} s of processor time); peak memory "
        f"{figures['peak_bytes'] / 1e9:.2f} GB; training accuracy "
        f"{min(accuracies):.3f} to {max(accuracies):.3f}"
    )
    if "peer_seconds" in figures:
        accuracies = figures["peer_training_accuracies"].values()
        print(
            f"LinearSVC: {figures['peer_seconds']:.0f} s; training accuracy "
            f"{min(accuracies):.3f} to {max(accuracies):.3f}"
        )
    command.write_json(values.json, **figures)


if __name__ == "__main__":
    command.run(main)
