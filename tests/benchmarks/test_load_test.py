from pathlib import Path

import pytest
from fixtures import forked, tiny_run

from dcgan_tf.serving.export import export_run

LOAD_TEST = Path(__file__).parents[2] / "benchmarks" / "load_test.py"
BAD = ("wrong rank", "wrong length", "NaN", "no image", "bomb")


@pytest.mark.slow
def test_good_and_bad_requests(tmp_path):
    """Right answers, clear errors and flat memory, in a process of its own."""
    pictures = tiny_run.make_pictures(tmp_path / "pictures")
    run_dir = tiny_run.make_run(tmp_path / "run", pictures)
    export_dir = tmp_path / "export"
    export_run(run_dir, export_dir, log=lambda line: None)
    done = forked.run([LOAD_TEST, export_dir, "--seconds=3", "--threads=8"])
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    counts = {
        name.strip(): int(count.replace(",", ""))
        for name, count in (
            line.rsplit(maxsplit=1) for line in done.stdout.splitlines()
        )
    }
    assert counts["good"] > 30
    assert all(counts[f"refused: {name}"] > 3 for name in BAD)
