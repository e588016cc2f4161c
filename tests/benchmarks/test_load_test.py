import subprocess
import sys
from pathlib import Path

import pytest

LOAD_TEST = Path(__file__).parents[2] / "benchmarks" / "load_test.py"
BAD = ("wrong rank", "wrong length", "NaN", "no image", "bomb")


@pytest.mark.slow
def test_good_and_bad_requests(export_dir):
    """Right answers, clear errors and flat memory, in a process of its own."""
    done = subprocess.run(
        [sys.executable, LOAD_TEST, export_dir, "--seconds=15", "--threads=8"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    counts = {
        name.strip(): int(count.replace(",", ""))
        for name, count in (
            line.rsplit(maxsplit=1) for line in done.stdout.splitlines()
        )
    }
    assert counts["good"] > 30
    assert all(counts[f"refused: {name}"] > 3 for name in BAD)
