"""Maps signals of either sign to pixels."""

import numpy as np

# Where a fourth channel is, which colours and grey haven't got.
ALPHA, OPAQUE = 3, 255
_GREY, _REACH = 128.0, 127.0
# Beyond it, a few outliers would leave the rest grey.
_PERCENTILE = 99.5


def signal_to_uint8(signal: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Maps a signal to pixels: zero is grey, strong ones black and white.

    Args:
        signal: Floats of any shape, its last axis channels. Alpha's is left
            out, and what is drawn is opaque: a signal is no transparency.
        axes: Axes of one image, which share a scale; the others' scales
            are their own.

    Returns:
        uint8 of the same shape. A signal of zeros is grey.
    """
    strength = np.percentile(
        np.abs(signal[..., :ALPHA]), _PERCENTILE, axes, keepdims=True
    )
    scale = np.where(strength > 0, strength, 1.0)
    levels = _GREY + _REACH * np.clip(signal / scale, -1, 1)
    levels[..., ALPHA:] = OPAQUE
    return np.rint(levels).astype(np.uint8)
