"""Progress of training on the terminal: a bar, or lines in a log."""

import os
import shutil
import sys
from collections.abc import Mapping
from typing import TextIO

from tqdm import tqdm

from dcgan_tf.output import LastingStream


class Progress:
    """Shows step, losses, images per second and time left.

    A reader that goes away doesn't end the run; see `LastingStream`.

    Args:
        total_steps: Where the run ends.
        start_step: Where it starts.
        stream: Where to write (the standard output); a bar if it is a
            terminal that can show one, else a line for each `log_metrics`.
        is_silent: Whether to show nothing, for all workers but one.
    """

    def __init__(
        self,
        total_steps: int,
        start_step: int,
        stream: TextIO | None = None,
        is_silent: bool = False,
    ):
        self._stream = LastingStream(stream or sys.stdout)
        self._is_silent = is_silent
        self._total_steps = total_steps
        self._bar = None
        if not is_silent and _can_show_bar(self._stream):
            self._bar = tqdm(
                total=total_steps,
                initial=start_step,
                file=self._stream,
                unit="step",
                dynamic_ncols=True,
            )

    def advance(self, num_steps: int = 1) -> None:
        """Counts steps."""
        if self._bar is not None:
            self._bar.update(num_steps)

    def log_metrics(
        self, step: int, scalars: Mapping[str, float], seconds_per_step: float
    ) -> None:
        """Shows the latest scalars.

        Args:
            step: Completed steps.
            scalars: With `d_loss`, `g_loss` and `images_per_second`.
            seconds_per_step: For the time left; 0 where it isn't known yet.
        """
        text = f"d_loss {scalars['d_loss']:.3f}  g_loss {scalars['g_loss']:.3f}"
        if seconds_per_step:
            text += f"  {scalars['images_per_second']:.0f} images/s"
        if self._bar is not None:
            self._bar.set_postfix_str(text)
            return
        if seconds_per_step:
            seconds_left = (self._total_steps - step) * seconds_per_step
            text += f"  {tqdm.format_interval(seconds_left)} left"
        self.log(f"step {step}/{self._total_steps}  {text}")

    def log(self, message: str) -> None:
        """Shows a line of its own."""
        if self._is_silent:
            return
        if self._bar is not None:
            self._bar.write(message, file=self._stream)
        else:
            print(message, file=self._stream, flush=True)

    def close(self) -> None:
        """Ends the bar."""
        if self._bar is not None:
            self._bar.close()


def _can_show_bar(stream: LastingStream) -> bool:
    """Whether a stream is a terminal that a bar can be drawn on.

    `docker run -t -d` gives one of 0 columns, on which a bar is invisible,
    and editors one that can't return to the start of a line.
    """
    if not stream.isatty() or os.environ.get("TERM") == "dumb":
        return False
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError, AttributeError):
        columns = shutil.get_terminal_size().columns
    return columns > 0
