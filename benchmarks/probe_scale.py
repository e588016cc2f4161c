"""Fits the linear probe at CIFAR-10's full size, on random features.

50,000 images of 28,672 features are 5.7 GB in float32; liblinear's float64
copy would be 11.5 GB more. Prints time and peak memory:

    python benchmarks/probe_scale.py [num_samples [num_features]]
"""

import resource
import sys
import time

import numpy as np

from dcgan_tf.evaluation.protocols import AUTHORS_STRENGTHS
from dcgan_tf.evaluation.svm import fit_with_lbfgs, predict

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


def main() -> None:
    """Fits each C of the authors' grid in turn."""
    sizes = [int(argument) for argument in sys.argv[1:]]
    num_samples, num_features = (*sizes, *(50_000, 28_672)[len(sizes) :])
    features, labels = make_features(num_samples, num_features)
    print(f"{features.shape} float32, {features.nbytes / 1e9:.2f} GB")
    start = time.perf_counter()
    weights = fit_with_lbfgs(features, labels, AUTHORS_STRENGTHS)
    seconds = time.perf_counter() - start
    right = np.mean(predict(weights[0], features) == labels)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(
        f"{len(weights)} values of C: {seconds:.0f} s; peak memory "
        f"{peak / 1e9:.2f} GB; training accuracy at the first C {right:.3f}"
    )


if __name__ == "__main__":
    main()
