"""Maps signals of either sign to pixels."""

import numpy as np

_GREY, _REACH = 128.0, 127.0
# Beyond it, a few outliers would leave the rest grey.
_PERCENTILE = 99.5


def signal_to_uint8(signal: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Maps a signal to pixels: zero is grey, strong ones black and white.

    Args:
        signal: Floats of any shape.
        axes: Axes of one image, which share a scale; the others' scales
            are their own.

    Returns:
        uint8 of the same shape. A signal of zeros is grey.
    """
    strength = np.percentile(np.abs(signal), _PERCENTILE, axes, keepdims=True)
    scale = np.where(strength > 0, strength, 1.0)
    levels = _GREY + _REACH * np.clip(signal / scale, -1, 1)
    return np.rint(levels).astype(np.uint8)
