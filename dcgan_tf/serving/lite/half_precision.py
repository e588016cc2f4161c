"""Rounds kernels to float16 without changing flat regions."""

import contextlib
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf


def round_kernel(kernel: np.ndarray) -> np.ndarray:
    """Rounds a kernel to float16 so that each filter's sum stays.

    Where an image is flat, as a background is, a filter sees its sum alone.
    Rounded one by one, weights move that sum by several roundings, at every
    pixel of the background the same way, and the network's last sums add up
    all of them. So each weight takes on what the one before was rounded by.

    Args:
        kernel: float32 `(..., filters)`.

    Returns:
        float32 of the same shape, each number one that float16 has.
    """
    rows = kernel.reshape(-1, kernel.shape[-1])
    rounded = np.empty_like(rows)
    left = np.zeros_like(rows[0])
    for index, row in enumerate(rows):
        rounded[index] = (row + left).astype(np.float16)
        left += row - rounded[index]
    return rounded.reshape(kernel.shape)


@contextlib.contextmanager
def kernels_rounded(kernels: Sequence[tf.Variable]) -> Iterator[None]:
    """Has kernels rounded by `round_kernel` for as long as it lasts."""
    exact = [kernel.numpy().copy() for kernel in kernels]
    try:
        for kernel, values in zip(kernels, exact, strict=True):
            kernel.assign(round_kernel(values))
        yield
    finally:
        for kernel, values in zip(kernels, exact, strict=True):
            kernel.assign(values)
