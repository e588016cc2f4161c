"""The terminal while a run trains: a bar, or plain lines in a log."""

import sys
from collections.abc import Mapping
from typing import TextIO

from tqdm import tqdm


class Progress:
    """Shows step, losses, images per second and time left.

    Args:
        total_steps: Where the run ends.
        start_step: Where it starts.
        stream: Where to write; a bar if it is a terminal, else a line for
            each `report`.
        is_silent: Whether to show nothing, for all workers but one.
    """

    def __init__(
        self,
        total_steps: int,
        start_step: int,
        stream: TextIO | None = None,
        is_silent: bool = False,
    ):
        self._stream = stream or sys.stdout
        self._is_silent = is_silent
        self._total_steps = total_steps
        self._start_step = start_step
        self._bar = None
        if self._stream.isatty() and not is_silent:
            self._bar = tqdm(
                total=total_steps,
                initial=start_step,
                file=self._stream,
                unit="step",
                dynamic_ncols=True,
            )

    def advance(self) -> None:
        """Counts one step."""
        if self._bar is not None:
            self._bar.update()

    def report(
        self, step: int, scalars: Mapping[str, float], seconds_a_step: float
    ) -> None:
        """Shows the latest scalars.

        Args:
            step: Completed steps.
            scalars: With `d_loss`, `g_loss` and `images_per_second`.
            seconds_a_step: For the time left.
        """
        text = (
            f"d_loss {scalars['d_loss']:.3f}  g_loss {scalars['g_loss']:.3f}  "
            f"{scalars['images_per_second']:.0f} images/s"
        )
        if self._bar is not None:
            self._bar.set_postfix_str(text)
            return
        left = tqdm.format_interval((self._total_steps - step) * seconds_a_step)
        self.say(f"step {step}/{self._total_steps}  {text}  {left} left")

    def say(self, message: str) -> None:
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
