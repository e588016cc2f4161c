"""How much memory is free, and whether something fits in it."""

from pathlib import Path

import psutil

# Of what is free, for images that are read as a whole: they are copied once
# more as training prepares them.
_FRACTION = 0.5
_CGROUP = Path("/sys/fs/cgroup")


def measure_available() -> int:
    """Returns the bytes this process may still take: machine or container."""
    available = psutil.virtual_memory().available
    try:
        limit = int((_CGROUP / "memory.max").read_text(encoding="utf-8"))
        used = int((_CGROUP / "memory.current").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # No container, or one without a limit.
        return available
    return min(available, max(0, limit - used))


def measure_limit() -> int:
    """Returns the bytes that images may fill: half of those that are free."""
    return int(_FRACTION * measure_available())


def fits(num_bytes: int) -> bool:
    """Whether images of so many bytes may be read as a whole."""
    return num_bytes <= measure_limit()
