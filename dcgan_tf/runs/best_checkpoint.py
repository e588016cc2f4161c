"""Which checkpoint of a run is best, and whether others compare with it."""

import dataclasses
import json

from dcgan_tf.config.json_text import read_json


@dataclasses.dataclass(frozen=True)
class BestCheckpoint:
    """A run's best checkpoint, as its best.json has it.

    Attributes:
        step: The checkpoint's.
        measure: By what it is the best.
        value: Its measure; of other checkpoints it is more.
        held_out: A digest of the images that it was measured on: values on
            others can't be compared with it. None where that isn't known.
    """

    step: int
    measure: str
    value: float
    held_out: str | None = None

    @classmethod
    def from_json(cls, text: str) -> "BestCheckpoint":
        """Reads what `to_json` gave.

        Raises:
            ValueError: If it is something else.
        """
        record = read_json(text)
        try:
            step, measure, value = (
                record[name] for name in ("step", "measure", "value")
            )
            if not isinstance(measure, str):
                raise TypeError(measure)
            return cls(int(step), measure, float(value), record.get("held_out"))
        except (TypeError, KeyError, OverflowError) as error:
            raise ValueError(f"no best checkpoint: {text!r}") from error

    def to_json(self) -> str:
        """Returns it as a line of JSON; what isn't known is left out."""
        record = dataclasses.asdict(self)
        if self.held_out is None:
            del record["held_out"]
        return json.dumps(record) + "\n"

    def find_incomparability(
        self, measure: str | None, held_out: str | None
    ) -> str | None:
        """Says why values to come can't be compared with it.

        Args:
            measure: By what checkpoints are compared from now on; None where
                that isn't known.
            held_out: A digest of the images that they are measured on; the
                same.

        Returns:
            The reason; None where they can be.
        """
        if measure not in (None, self.measure):
            return f"it was chosen by {self.measure}, now it is by {measure}"
        known = (self.held_out, held_out)
        if None not in known and self.held_out != held_out:
            return "it was measured on other held-out images"
        return None

    def find_staleness(
        self, start_step: int, measure: str | None, held_out: str | None
    ) -> str | None:
        """Says why it isn't the best one of the run that is resumed.

        Args:
            start_step: Completed steps of the checkpoint that is resumed
                from.
            measure: As of `find_incomparability`.
            held_out: The same.

        Returns:
            The reason; None where later values can be compared with it.
        """
        if reason := self.find_incomparability(measure, held_out):
            return reason
        if self.step > start_step:
            return f"the run resumes before it, from step {start_step}"
        return None
