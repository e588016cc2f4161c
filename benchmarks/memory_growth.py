"""Measures whether training's memory grows.

    python benchmarks/memory_growth.py [--json=F] [--smoke]

The command that users give, `train.py` without flags but for the number of
steps: its own data, input pipeline, sample grids and checkpoints. The
process's resident memory each 200 steps, as `metrics.csv` tells of them, and
the growth from step 200 to the last.
"""

import csv
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import command
import machine

TRAIN = Path(__file__).parents[1] / "train.py"
STEPS, EVERY = 2_200, 200
SMOKE_STEPS, SMOKE_EVERY = 6, 2
_POLL_SECONDS = 0.02


def measure(num_steps: int, every: int, flags: list[str]) -> dict[int, int]:
    """Trains; returns bytes of resident memory by completed steps."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [
                sys.executable,
                TRAIN,
                f"--run_dir={folder}/run",
                f"--steps={num_steps}",
                f"--report_every={every}",
                *flags,
            ],
            stdout=subprocess.DEVNULL,
        )
        metrics = Path(folder, "run", "metrics.csv")
        resident = {}
        # The last report comes too shortly before the end to be caught.
        while process.poll() is None:
            time.sleep(_POLL_SECONDS)
            step = read_last_step(metrics)
            if step and step not in resident:
                if size := read_resident_bytes(process.pid):
                    resident[step] = size
    if process.returncode:
        raise ChildProcessError(f"train.py left with code {process.returncode}")
    return resident


def read_last_step(metrics: Path) -> int:
    """Returns the last whole row's step; 0 where there is none."""
    if not metrics.exists():
        return 0
    text = metrics.read_text(encoding="utf-8")
    rows = list(csv.DictReader(text[: text.rfind("\n") + 1].splitlines()))
    return int(rows[-1]["step"]) if rows else 0


def read_resident_bytes(pid: int) -> int:
    """Returns a process's resident memory; 0 if it has just ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return 1024 * int(line.split()[1])
    return 0


def main() -> None:
    values = command.make_parser(__doc__).parse_args()
    num_steps, every, flags = STEPS, EVERY, []
    if values.smoke:
        num_steps, every = SMOKE_STEPS, SMOKE_EVERY
        flags = ["--image_size=16", "--base_filters=4", "--batch_size=4"]
    print(f"{machine.describe()}\n\n| step | resident memory |\n|--:|--:|")
    # A report more than is measured: the last one comes as training ends.
    resident = measure(num_steps + every, every, flags)
    resident.pop(num_steps + every, None)
    for step, size in resident.items():
        print(f"| {step:,} | {size / 1e6:,.1f} MB |")
    first, last = min(resident), max(resident)
    growth = resident[last] - resident[first]
    print(f"\nStep {first:,} to {last:,}: {growth / 1e6:+.1f} MB")
    command.write_json(values.json, resident_bytes=resident, growth=growth)


if __name__ == "__main__":
    command.run(main)
