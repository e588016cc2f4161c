"""Trains a run by the command until time is up, by a clock of its own work."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from comparisons.stopping import EXIT_INTERRUPTED
from dcgan_tf.runs import checkpoints

ROOT = Path(__file__).resolve().parents[2]


class Timing:
    """How long a run was trained for, kept in its folder.

    Attributes:
        seconds: From each start's first line of metrics on.
        images: That were seen in this time.
    """

    def __init__(self, run_dir: Path):
        self._path = run_dir / "timing.json"
        self.seconds, self.images = 0.0, 0
        if self._path.exists():
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            self.seconds, self.images = kept["seconds"], kept["images"]

    def add(self, seconds: float, images: int) -> None:
        self.seconds += seconds
        self.images += images
        kept = {"seconds": self.seconds, "images": self.images}
        self._path.write_text(json.dumps(kept), encoding="utf-8")


def read_clock(process: subprocess.Popen, clock: str) -> float:
    """Returns seconds: on the wall, or that all cores worked for a process."""
    if clock == "wall":
        return time.monotonic()
    stat = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8")
    # Of the fields behind the name, these two count ticks of its threads.
    user, system = stat.rpartition(")")[2].split()[11:13]
    ticks = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return ticks / len(os.sched_getaffinity(0))


def train_for(
    limit: float, run_dir: Path, flags: Sequence[str], clock: str
) -> float:
    """Trains a run until time is up, or goes on with it.

    Args:
        limit: Seconds of all its starts together.
        run_dir: Its folder, which keeps the time too.
        flags: Of `train`, but for the folder.
        clock: As for `read_clock`.

    Returns:
        Images a second.
    """
    timing = Timing(run_dir)
    if not timing.images or timing.seconds < limit:
        _train(limit - timing.seconds, run_dir, flags, clock)
        timing = Timing(run_dir)
    return timing.images / timing.seconds


def _train(
    limit: float, run_dir: Path, flags: Sequence[str], clock: str
) -> None:
    arguments = [
        sys.executable, "-u", str(ROOT / "train.py"), f"--run_dir={run_dir}",
        *flags,
    ]  # fmt: skip
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    start, first_step, seconds = None, 0, 0.0
    is_ending = False
    try:
        for line in process.stdout:
            if not line.startswith("step "):
                continue
            now = read_clock(process, clock)
            if start is None:
                start = now
                first_step = int(line.split()[1].partition("/")[0])
            seconds = now - start
            if seconds > limit:
                break
        else:
            is_ending = True
    finally:
        if not is_ending:
            process.send_signal(signal.SIGTERM)
        process.stdout.read()
        code = process.wait()
        if start is not None and code in (0, EXIT_INTERRUPTED):
            timed = count_images(run_dir) - count_images(run_dir, first_step)
            Timing(run_dir).add(seconds, timed)
    if code not in (0, EXIT_INTERRUPTED):
        raise ChildProcessError(f"{' '.join(arguments)} failed")


def count_images(run_dir: Path, step: int | None = None) -> int:
    """Returns how many images a run has seen at a step, or at its last."""
    step = checkpoints.list_steps(run_dir)[-1] if step is None else step
    return step * _load_batch_size(run_dir)


def _load_batch_size(run_dir: Path) -> int:
    text = (run_dir / "config.json").read_text(encoding="utf-8")
    return json.loads(text)["training"]["batch_size"]
