"""A user without a home folder or a name, as a container's often is."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
USER = 12345
TINY = (
    "--image_size=16", "--base_filters=4", "--latent_dim=8", "--steps=2",
    "--batch_size=16", "--strategy=one_device", "--precision=float32",
    "--split=train[:400]",
)  # fmt: skip
# May read everything, since Python may lie in root's home, and write its own.
BECOME_USER = (
    "setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups",
    "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search",
)  # fmt: skip
COMMANDS = f"""
import sys
from dcgan_tf.cli import analyze, evaluate, export, sample, train

def shorten():  # Not before the command has imported TensorFlow its way.
    from dcgan_tf.evaluation.feature_extractors import classifier
    classifier._MAX_STEPS = 10

code = (
    train.main([*{TINY}, "--cache=disk", "--eval_every=1", "--run_dir=run"])
    or shorten()
    or evaluate.main(["--run_dir=run", "--num_samples=16",
                      "--measures=kernel", "--features=classifier"])
    or sample.main(["--run_dir=run", "--num=4"])
    or export.main(["--run_dir=run", "--export_dir=export"])
    or analyze.main(["filters", "--run_dir=run"])
)
sys.exit(code)
"""


@pytest.fixture
def open_dir():
    """A temporary folder that others may enter, as `tmp_path` is not."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.mark.slow
@pytest.mark.root
def test_commands_from_training_on_leave_nothing_in_odd_places(open_dir):
    try:
        become = subprocess.run([*BECOME_USER, "true"], capture_output=True)
    except FileNotFoundError:
        pytest.skip("setpriv is not installed")
    if become.returncode:
        pytest.skip("this process can't become another user")
    home, tmp = open_dir / "elsewhere", open_dir / "tmp"
    for path in (home, tmp):
        path.mkdir()
        os.chown(path, USER, USER)
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("HOME", "XDG_CACHE_HOME", "USER", "LOGNAME")
    }
    environment.update(
        PYTHONPATH=str(ROOT), PYTHONDONTWRITEBYTECODE="1", TMPDIR=str(tmp)
    )
    done = subprocess.run(
        [*BECOME_USER, sys.executable, "-c", COMMANDS],
        cwd=home, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in home.iterdir()) == [
        "export",
        "run",
        "samples.png",
    ]
    # Prepared images and trained classifiers, for the next time.
    (cache,) = tmp.glob(f"dcgan_tf-{USER}")
    assert list(cache.rglob("*.images"))
