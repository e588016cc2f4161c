"""Fingerprints of image sets, by which two sets are compared.

A fingerprint has a fixed size however many images there are: their number, a
sum of one hash an image, and the smallest of these hashes. The smallest
hashes are a random sample of the set that is the same wherever it is drawn,
so that two samples tell how much two sets share (Broder, 1997, "On the
resemblance and containment of documents").
"""

import base64
import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

_SAMPLE_SIZE = 128
_HASH_BYTES = 8
# Sets that share less are taken for different collections.
_LEAST_SHARED = 0.5
_LEAST_KNOWN = 4


@dataclasses.dataclass(frozen=True)
class ImagesFingerprint:
    """A fingerprint of a collection's images, wherever they lie.

    Attributes:
        count: Images in the collection.
        digest: Of all images, whatever their order; or a dataset's name and
            version, where images are known by these.
        sample: The smallest hashes of images, in order and in base64; empty
            where images are known by a name.
        hashes: All hashes, of images that are at hand; not recorded.
    """

    count: int
    digest: str
    sample: str = ""
    hashes: np.ndarray | None = dataclasses.field(
        default=None, compare=False, repr=False
    )

    def to_dict(self) -> dict[str, Any]:
        """Returns what `from_dict` reads."""
        names = ("count", "digest", "sample")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ImagesFingerprint":
        """Reads `to_dict`'s output.

        Raises:
            ValueError: If it is something else.
        """
        try:
            fingerprint = cls(**values)
            _decode(fingerprint.sample)
            int(fingerprint.count)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"not a fingerprint of images: {values!r:.60}"
            ) from error
        return fingerprint


@dataclasses.dataclass(frozen=True)
class Comparison:
    """The difference between an old set of images and a new one.

    Attributes:
        is_same: Whether nothing changed.
        is_other: Whether it is another collection.
        num_lost: Images that are no longer there; an estimate where there
            are more than a sample holds.
    """

    is_same: bool
    is_other: bool
    num_lost: int


def hash_image(*parts: bytes) -> int:
    """Returns 64 bits that stand for an image."""
    digest = hashlib.blake2b(b"\0".join(parts), digest_size=_HASH_BYTES)
    return int.from_bytes(digest.digest(), "big")


def hash_array(image: np.ndarray) -> int:
    """Returns 64 bits that stand for an image's shape and pixels."""
    return hash_image(repr(image.shape).encode(), image.tobytes())


def digest_arrays(arrays: Iterable[np.ndarray]) -> str:
    """Returns a digest of arrays' contents, shapes and types."""
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        array = np.ascontiguousarray(array)
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(array.reshape(-1).view(np.uint8))
    return digest.hexdigest()


def fingerprint_hashes(hashes: Iterable[int]) -> ImagesFingerprint:
    """Makes a fingerprint from `hash_image` of every image, in any order."""
    hashes = np.fromiter(hashes, np.uint64)
    smallest = np.unique(hashes)[:_SAMPLE_SIZE]
    total = int(hashes.sum(dtype=np.uint64))
    return ImagesFingerprint(
        count=len(hashes),
        digest=f"{total:016x}",
        sample=base64.b64encode(smallest.astype(">u8").tobytes()).decode(),
        hashes=hashes,
    )


def fingerprint_arrays(images: Iterable[np.ndarray]) -> ImagesFingerprint:
    """Makes a fingerprint from uint8 images `(height, width, channels)`."""
    return fingerprint_hashes(map(hash_array, images))


def fingerprint_named(name: str, count: int) -> ImagesFingerprint:
    """Makes the fingerprint of a dataset that is known by its name.

    Args:
        name: With its version, up to where images change, and its split.
        count: Images in the split.
    """
    return ImagesFingerprint(count, name)


def digest_labels(hashes: Iterable[int], labels: Iterable[object]) -> str:
    """Tells which image has which label, in whatever order they come.

    Args:
        hashes: `hash_image` of every image.
        labels: As many: a class's number or name.
    """
    pairs = zip(hashes, labels, strict=True)
    total = sum(
        hash_image(f"{image} {label}".encode()) for image, label in pairs
    )
    return f"{total % 2**64:016x}"


def compare_fingerprints(
    old: ImagesFingerprint, new: ImagesFingerprint
) -> Comparison:
    """Compares two sets of images by their fingerprints.

    Args:
        old: From a record: a sample of its hashes.
        new: Of images at hand, all of whose hashes are known.
    """
    if (old.count, old.digest) == (new.count, new.digest):
        return Comparison(True, False, 0)
    if not old.sample or not new.sample:
        is_other = old.digest != new.digest
        lost = old.count if is_other else max(0, old.count - new.count)
        return Comparison(False, is_other, lost)
    # Up to here both sets are known completely.
    limit = min(_find_limit(old), _find_limit(new))
    old_known, new_known = _select(old, limit), _select(new, limit)
    shared = old_known & new_known
    least = min(len(old_known), len(new_known))
    # Too few tell nothing: one set is much the larger.
    if len(shared) < _LEAST_SHARED * least and (
        least >= _LEAST_KNOWN or least == min(old.count, new.count)
    ):
        return Comparison(False, True, old.count)
    num_lost = max(0, old.count - new.count)
    if not num_lost or new_known - shared:
        lost_fraction = 1 - len(shared) / max(1, len(old_known))
        num_lost = max(num_lost, round(lost_fraction * old.count))
    return Comparison(False, False, num_lost)


def _decode(sample: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(sample, validate=True), ">u8")


def _find_limit(fingerprint: ImagesFingerprint) -> int:
    """Returns the largest hash up to which a set is known completely."""
    sample = _decode(fingerprint.sample)
    if fingerprint.hashes is not None or len(sample) < _SAMPLE_SIZE:
        return np.iinfo(np.uint64).max
    return int(sample[-1])


def _select(fingerprint: ImagesFingerprint, limit: int) -> set[int]:
    hashes = fingerprint.hashes
    if hashes is None:
        hashes = _decode(fingerprint.sample)
    return set(hashes[hashes <= np.uint64(limit)].tolist())
