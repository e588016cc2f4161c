"""Reads at a file's offsets that are safe from several threads."""

import os
import threading
from typing import BinaryIO

from dcgan_tf import failures

# Where the system has no `pread`, moving and reading must not be divided.
_lock = threading.Lock()


def read_at(file: BinaryIO, num_bytes: int, offset: int) -> bytes:
    """Reads exactly so many bytes; safe from several threads.

    Args:
        file: Open for reading, unbuffered.
        num_bytes: How many.
        offset: Where the first one lies.

    Returns:
        The bytes.

    Raises:
        OSError: If the file can't be read or ends before.
    """
    parts = []
    while num_bytes:
        # Some file systems give less than asked for, as `pread` may.
        with failures.file_named(file.name):
            part = _read_some(file, num_bytes, offset)
        if not part:
            raise OSError(f"{file.name} is cut off at byte {offset:,}")
        parts.append(part)
        num_bytes -= len(part)
        offset += len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _read_some(file: BinaryIO, num_bytes: int, offset: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(file.fileno(), num_bytes, offset)
    with _lock:
        file.seek(offset)
        return file.read(num_bytes)
