"""The order that images have, and who is chosen, by hashes of their names.

A hash says the same of an image whatever is added or left out beside it.
"""

import hashlib
import os
from collections.abc import Iterable


def hash_bytes(contents: bytes) -> int:
    """Returns 256 bits that look random and never change."""
    return int.from_bytes(hashlib.sha256(contents).digest(), "big")


def hash_name(name: str) -> int:
    """Returns 256 bits for a file's name, whatever bytes that is of."""
    return hash_bytes(os.fsencode(name))


def order_positions(positions: Iterable[int]) -> list[int]:
    """Orders nameless images so that any few in a row are a fair sample."""
    return sorted(positions, key=lambda position: hash_name(str(position)))
