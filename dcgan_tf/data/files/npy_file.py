"""Reads the array of an .npy file item by item."""

import math
from collections.abc import Iterator

import numpy as np

from dcgan_tf.data.files.positioned_reads import read_at


class NpyFile:
    """An array that stays in its file, of which items are read.

    A mapping into memory would end the process, without a word, where the
    file is cut while it is used, as `numpy.save` does first.

    Args:
        path: The file.

    Raises:
        ValueError: If it is damaged or needs pickle.
        OSError: If it can't be read.
    """

    def __init__(self, path: str):
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        self.shape = mapped.shape
        self.dtype = mapped.dtype
        self.ndim = mapped.ndim
        self.size = mapped.size
        self._offset = getattr(mapped, "offset", 0)
        # In Fortran's order an item lies all over the file.
        self._whole = None
        if not mapped.flags.c_contiguous or not mapped.ndim:
            self._whole = np.array(mapped)
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115

    def __reduce__(self) -> tuple:
        return NpyFile, (self._file.name,)  # Opened again where it is sent.

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> np.ndarray:
        if self._whole is not None:
            return self._whole[index]
        shape = self.shape[1:]
        num_bytes = math.prod(shape) * self.dtype.itemsize
        start = self._offset + int(index) * num_bytes
        contents = read_at(self._file, num_bytes, start)
        return np.frombuffer(contents, self.dtype).reshape(shape)
