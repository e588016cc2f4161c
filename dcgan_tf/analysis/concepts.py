"""Samples that show a concept, found by a linear classifier or by hand."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import Ridge

from dcgan_tf.models.features import FeatureFunction

# Per image and feature of unit variance.
_RIDGE_PENALTY = 0.1


@dataclasses.dataclass(frozen=True)
class Concept:
    """Attributes that an image must have and must not have.

    Attributes:
        text: As it was written.
        wanted: Names that must be there.
        unwanted: Names that must not.
    """

    text: str
    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]

    @property
    def description(self) -> str:
        """Such as `smiling, not glasses`, to be read on an image."""
        unwanted = (f"not {name}" for name in self.unwanted)
        return ", ".join((*self.wanted, *unwanted))


def parse_concept(text: str, names: Sequence[str]) -> Concept:
    """Reads `smiling+glasses-window` as two wanted names and an unwanted one.

    Args:
        text: Names of attributes, classes or class folders, with `+` or `-`
            before each; the first `+` may be left out. A text that is a name
            is that name alone. Where names hold signs themselves, the longest
            name counts after which the rest can be read.
        names: Which there are.

    Raises:
        ValueError: If the text names another one, or none.
    """
    if text in names:
        return Concept(text, (text,), ())
    longest_first = sorted(names, key=len, reverse=True)
    parts = _read_signed(f"+{text}", longest_first)
    if parts is None and text[:1] in ("+", "-"):
        parts = _read_signed(text, longest_first)
    if not parts:
        raise ValueError(
            f"concept {text!r} is not made of + and - and these names: "
            f"{', '.join(names)}"
        )
    return Concept(
        text,
        tuple(name for sign, name in parts if sign == "+"),
        tuple(name for sign, name in parts if sign == "-"),
    )


def _read_signed(
    text: str, names: Sequence[str]
) -> list[tuple[str, str]] | None:
    """Returns signs and names, or None if the text isn't made of these."""
    if not text:
        return []
    if text[0] not in "+-":
        return None
    for name in names:
        if text.startswith(name, 1):
            rest = _read_signed(text[1 + len(name) :], names)
            if rest is not None:
                return [(text[0], name), *rest]
    return None


class LinearLabeller:
    """Names what images show, by linear classifiers on D's features.

    Ridge regressions to 1 and -1, one an attribute or a class, on the
    pooled features of Section 5.

    Args:
        compute_features: From uint8 images to D's features, such as a
            trained model's.
        images: uint8 `(count, height, width, channels)`, real ones.
        labels: int `(count,)` classes or `(count, num_attributes)` zeros
            and ones.
        names: Of the classes or attributes.
    """

    def __init__(
        self,
        compute_features: FeatureFunction,
        images: np.ndarray,
        labels: np.ndarray,
        names: Sequence[str],
    ):
        self.names = tuple(names)
        self._compute_features = compute_features
        if labels.ndim == 1:
            labels = labels[:, None] == np.arange(len(self.names))
        targets = np.where(labels.astype(bool), 1.0, -1.0)
        features = self._compute_features(images)
        self._mean = features.mean(0)
        # A collapsed D's features are all alike.
        self._scale = (features - self._mean).std() or 1.0
        self._classifier = Ridge(_RIDGE_PENALTY * len(features))
        self._classifier.fit(self._normalise(features), targets)

    def compute_margins(self, images: np.ndarray) -> np.ndarray:
        """Computes the margin by which each name fits.

        Args:
            images: uint8 `(count, height, width, channels)`.

        Returns:
            Floats `(count, num_names)`; positive where the name fits.
        """
        features = self._normalise(self._compute_features(images))
        return self._classifier.predict(features)

    def _normalise(self, features: np.ndarray) -> np.ndarray:
        return (features - self._mean) / self._scale


def find_exemplars(
    concept: Concept, names: Sequence[str], margins: np.ndarray, count: int
) -> np.ndarray:
    """Chooses the samples that show a concept most surely.

    Args:
        concept: What they must show.
        names: Of the margins' columns.
        margins: Floats `(num_samples, num_names)`.
        count: How many.

    Returns:
        int `(count,)`, indices of samples, the surest first. What counts
        of a sample is the margin of its least certain attribute.

    Raises:
        ValueError: If fewer samples show it.
    """
    columns = {name: margins[:, index] for index, name in enumerate(names)}
    sureness = np.min(
        [columns[name] for name in concept.wanted]
        + [-columns[name] for name in concept.unwanted],
        axis=0,
    )
    num_found = int((sureness > 0).sum())
    if num_found < count:
        raise ValueError(
            f"{num_found} of {len(margins)} samples show {concept.text!r}; "
            f"{count} are needed: name a less special concept, or pick "
            "samples by number"
        )
    return np.argsort(-sureness, kind="stable")[:count]


def parse_pick(text: str, num_groups: int, count: int) -> list[np.ndarray]:
    """Reads `3,17,40/5,9,2` as groups of samples' numbers.

    Args:
        text: Numbers on the sheet, groups divided by slashes.
        num_groups: How many groups there must be.
        count: How many samples the sheet has.

    Returns:
        int arrays.

    Raises:
        ValueError: If it is something else.
    """
    groups = text.split("/")
    try:
        picked = [np.array([int(n) for n in g.split(",")]) for g in groups]
    except ValueError:
        picked = []
    if len(picked) != num_groups or any(
        group.min() < 0 or group.max() >= count for group in picked
    ):
        raise ValueError(
            f"pick {text!r}: give {num_groups} groups divided by /, each of "
            f"samples' numbers from 0 to {count - 1} divided by commas"
        )
    return picked
