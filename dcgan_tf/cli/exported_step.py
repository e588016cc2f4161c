"""What --checkpoint means beside --export_dir: nothing, said in a line."""

import logging

from absl import flags

_log = logging.getLogger(__name__)


def warn_of_checkpoint(values: flags.FlagValues, step: int) -> None:
    """Says that an export has one step where another was asked for.

    Version 0.1.0 passed the flag over, so that it isn't refused.
    """
    if values.checkpoint not in ("latest", str(step)):
        _log.warning(
            "an export has one checkpoint, here that of step %s: "
            "--checkpoint=%s is passed over",
            step,
            values.checkpoint,
        )
