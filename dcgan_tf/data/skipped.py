"""Files of a collection that could not be used: named once and counted."""

import threading

from absl import logging

_NUM_NAMED_IN_ERROR = 3


class Skipped:
    """What was left out of a collection, and why.

    Safe to add to from several threads, as decoding does.

    Attributes:
        reasons: Names to reasons, in the order they were found.
        num_files: Files in the collection, usable or not.
    """

    def __init__(self, num_files: int = 0, collection: str = ""):
        self.reasons: dict[str, str] = {}
        self.num_files = num_files
        self._collection = collection
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.reasons)

    def add(self, name: str, reason: str) -> None:
        """Counts a file and names it in the log, the first time only."""
        with self._lock:
            if name in self.reasons:
                return
            self.reasons[name] = reason
        logging.warning("skipped %s: %s", name, reason)

    def check(self, num_expected: float = 0) -> None:
        """Stops when more than half of a collection is unusable.

        Args:
            num_expected: Unusable files that a sample makes likely beyond
                those found.

        Raises:
            ValueError: With the first few names and reasons.
        """
        if 2 * (len(self.reasons) + num_expected) <= self.num_files:
            return
        examples = "; ".join(
            f"{name}: {reason}"
            for name, reason in list(self.reasons.items())[:_NUM_NAMED_IN_ERROR]
        )
        raise ValueError(
            f"over half of the {self.num_files} files in {self._collection} "
            f"can't be read as pictures ({len(self.reasons)} found so far: "
            f"{examples}); give a folder of JPEG, PNG, GIF, BMP or WebP files"
        )
