"""Results of a probe kept as they come, so that a stopped table resumes.

A result of hours is a small file, named by a hash of everything that it
depends on: the images, the protocol, the seed, the weights. What isn't the
same has another name, and is never mistaken for it. Features, gigabytes that
minutes make again, are not kept.
"""

import dataclasses
import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dcgan_tf import scratch
from dcgan_tf.config.json_text import read_json
from dcgan_tf.evaluation.linear_probe.result import ProbeResult


@dataclasses.dataclass(frozen=True)
class Fits:
    """Machines fitted to all labels, C by C.

    Attributes:
        scores: Validation accuracies of the first values of C.
        last: float32 weights of the last one; None before the first.
        best: Those of the best one, the smallest C of equals.
    """

    scores: tuple[float, ...] = ()
    last: np.ndarray | None = None
    best: np.ndarray | None = None

    def add(self, weights: np.ndarray, score: float) -> "Fits":
        """Returns these and the next C's."""
        is_best = not self.scores or score > max(self.scores)
        best = weights if is_best else self.best
        return Fits((*self.scores, score), weights, best)


@dataclasses.dataclass(frozen=True)
class KeptRow:
    """Where the results of one kind of features are kept.

    Attributes:
        folder: Holds a file for each number of labels; None to keep nothing.
        key: Everything that results depend on but the number of labels, as
            JSON can say it.
    """

    folder: Path | None
    key: Mapping[str, Any]

    def load(self, count: int | None) -> ProbeResult | None:
        """Returns the result at a number of labels (None: all), if kept."""
        if self.folder is None:
            return None
        try:
            text = self._get_path(count).read_text(encoding="utf-8")
            values = read_json(text)
            if values["key"] == self._make_key(count):
                return ProbeResult(**values["result"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            pass  # None there, or from another hand.
        return None

    def save(self, count: int | None, result: ProbeResult) -> None:
        """Keeps a result, atomically."""
        if self.folder is None:
            return
        values = {
            "result": dataclasses.asdict(result),
            "key": self._make_key(count),
        }
        path = self._get_path(count)
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch.save_text(path, json.dumps(values, indent=2) + "\n")
        path.with_suffix(".npz").unlink(missing_ok=True)

    def load_fits(self) -> Fits:
        """Returns the machines for all labels that are kept, or none."""
        if self.folder is None:
            return Fits()
        path = self._get_path(None).with_suffix(".npz")
        try:
            with np.load(path) as arrays:
                scores = tuple(arrays["scores"].tolist())
                return Fits(scores, arrays["last"], arrays["best"])
        except (
            FileNotFoundError,
            ValueError,
            KeyError,
            EOFError,
            zipfile.BadZipFile,
        ):
            return Fits()

    def save_fits(self, fits: Fits) -> None:
        """Keeps the machines until their result is saved."""
        if self.folder is None:
            return
        path = self._get_path(None).with_suffix(".npz")
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch.tmp_file(path) as partial, open(partial, "wb") as file:
            np.savez(file, scores=fits.scores, last=fits.last, best=fits.best)

    def _make_key(self, count: int | None) -> dict[str, Any]:
        # As it is when read again: tuples are lists there.
        return json.loads(json.dumps({**self.key, "num_labels": count}))

    def _get_path(self, count: int | None) -> Path:
        text = json.dumps(self._make_key(count), sort_keys=True)
        name = hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
        return self.folder / f"{name}.json"
