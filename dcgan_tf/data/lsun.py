"""Reads LSUN's LMDB databases without tensorflow-io.

TFDS's builder reads them by tensorflow-io, whose last release is for
TensorFlow 2.16. The format is LMDB's, which the package `lmdb` reads.
"""

import io
import os
from collections.abc import Iterator

import tensorflow_datasets as tfds


def use_lmdb(builder: tfds.core.DatasetBuilder) -> None:
    """Makes an LSUN builder read its databases with `lmdb`.

    Args:
        builder: Of `lsun`, not prepared yet.

    Raises:
        ImportError: If `lmdb` isn't installed: better before a download of
            many gigabytes than after it.
    """
    try:
        import lmdb  # noqa: F401
    except ModuleNotFoundError:
        raise ImportError(
            "preparing lsun takes the package lmdb; pip install "
            "'dcgan_tf[lsun]'"
        ) from None
    builder._generate_examples = _read_database


def _read_database(
    extracted_dir: str | os.PathLike, file_path: str
) -> Iterator[tuple[int, dict]]:
    """Yields what the builder's own `_generate_examples` would."""
    import lmdb

    folder = os.path.join(extracted_dir, file_path)
    if not os.path.exists(os.path.join(folder, "data.mdb")):
        raise FileNotFoundError(f"{folder} holds no data.mdb")
    with (
        lmdb.open(folder, readonly=True, lock=False, readahead=False) as base,
        base.begin() as transaction,
    ):
        for number, (key, jpeg) in enumerate(transaction.cursor()):
            yield number, {"id": key.decode(), "image": io.BytesIO(jpeg)}
