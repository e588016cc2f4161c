"""Brings images of more than 8 bits to 8, by one range for a collection.

A microscope's 12 bits in a file of 16 would be all but black by their upper
byte, and a range for each image would lose what is bright and what is dark.
"""

from collections.abc import Iterable

import numpy as np

# Of integers and of reals: the lowest level, and the one that would be 256.
LevelRange = tuple[float, float]

# The upper byte of 16 bits: how version 0.1.0 read them.
UPPER_BYTE: LevelRange = (0, 2**16)

# Hot and dead pixels, which would take the range from all others.
_OUTLIER_FRACTION = 1e-4
_MAX_PIXELS_PER_IMAGE = 2**14


def scale_levels(levels: np.ndarray, level_range: LevelRange) -> np.ndarray:
    """Scales levels to uint8: 256 steps of equal width.

    Args:
        levels: Integers or reals, an array of one axis or more; what isn't a
            number counts as the lowest.
        level_range: The lowest level, and the one that would be 256.

    Returns:
        uint8 of the same shape; what lies outside is clipped.
    """
    if levels.dtype == np.uint16:  # A table, so that no reals take memory.
        return _scale(np.arange(2**16), level_range)[levels]
    scaled = np.empty(levels.shape, np.uint8)
    for source, target in zip(levels, scaled, strict=True):  # By rows.
        target[...] = _scale(source, level_range)
    return scaled


def _scale(levels: np.ndarray, level_range: LevelRange) -> np.ndarray:
    low, high = level_range
    scaled = (levels.astype(np.float64) - low) * (256 / (high - low))
    scaled = np.nan_to_num(scaled, nan=0.0, posinf=255.0, neginf=0.0)
    return np.clip(np.floor(scaled), 0, 255).astype(np.uint8)


def measure_level_range(images: Iterable[np.ndarray]) -> LevelRange | None:
    """Finds the range that the levels of some images have together.

    One pixel in 10,000 may lie outside at each end.

    Args:
        images: Integers or reals `(height, width)`, or with channels; of
            large ones, evenly spaced pixels are looked at.

    Returns:
        The range; None without images.

    Raises:
        ValueError: If no number is as large as the range is wide.
    """
    parts = []
    is_whole = True
    for image in images:
        is_whole &= image.dtype.kind in "iu"
        pixels = image.reshape(image.shape[0] * image.shape[1], -1)
        every = max(1, len(pixels) // _MAX_PIXELS_PER_IMAGE)
        levels = pixels[::every].astype(np.float64)
        parts.append(levels[np.isfinite(levels)])
    levels = np.concatenate(parts) if parts else np.empty(0)
    if not levels.size:
        return None
    num_outliers = int(_OUTLIER_FRACTION * levels.size)
    edges = (num_outliers, levels.size - 1 - num_outliers)
    low, high = np.partition(levels, edges)[list(edges)].tolist()
    if is_whole:
        return int(low), int(high) + 1
    if not np.isfinite(high - low):
        raise ValueError(
            f"levels from {low:g} to {high:g} are too far apart to be scaled; "
            "scale them before"
        )
    # One apart, or as little as their numbers allow.
    least = max(low + 1.0, float(np.nextafter(low, np.inf)))
    return low, high if high > low else least
