"""Random access to TFRecord files, TFDS's default format."""

import os
import struct
from collections.abc import Sequence

import numpy as np

from dcgan_tf.data.files.positioned_reads import read_at

# A record is its length, a checksum of that, the contents and a checksum.
_LENGTH = struct.Struct("<Q")
_HEADER_BYTES = 12
_CHECKSUM_BYTES = 4


class RecordIndex:
    """An index of where each record of some files lies.

    Takes 24 bytes a record; building it reads 12 bytes of each.

    Args:
        parts: `(path, skip, take)`: of the file's records, `take` after the
            first `skip`.

    Raises:
        ValueError: If a file holds fewer records or is damaged.
    """

    def __init__(self, parts: Sequence[tuple[str, int, int]]):
        self._paths = [path for path, _, _ in parts]
        spans = [_find_spans(*part) for part in parts]
        self._files = np.repeat(np.arange(len(parts)), [len(s) for s in spans])
        self._spans = np.concatenate(spans)

    def __len__(self) -> int:
        return len(self._spans)

    def read(self, position: int) -> bytes:
        """Returns a record's contents; safe from several threads."""
        offset, length = self._spans[position]
        # Opened each time: a dataset may have more files than a process may.
        path = self._paths[self._files[position]]
        with open(path, "rb", buffering=0) as file:
            return read_at(file, int(length), int(offset))


def _find_spans(path: str, skip: int, take: int) -> np.ndarray:
    """Returns int64 `(take, 2)`: each record's offset and length."""
    spans = np.empty((take, 2), np.int64)
    with open(path, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        offset = 0
        for number in range(skip + take):
            if offset + _HEADER_BYTES > size:
                raise ValueError(f"{path} holds only {number} records")
            header = read_at(file, _HEADER_BYTES, offset)
            (length,) = _LENGTH.unpack_from(header)
            if number >= skip:
                spans[number - skip] = offset + _HEADER_BYTES, length
            offset += _HEADER_BYTES + length + _CHECKSUM_BYTES
            if offset > size:
                raise ValueError(f"{path} is cut off in record {number}")
    return spans
