import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

def test_reason():
    pytest.skip("there is no moon")

@pytest.mark.xfail
def test_expected():
    assert False

@pytest.mark.container
def test_container():
    pytest.skip("no Docker")
"""
MODULE = 'import pytest\npytest.importorskip("no_such_module")\n'


def run(folder, no_skips):
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    environ.pop("DCGAN_TF_NO_SKIPS", None)
    if no_skips:
        environ["DCGAN_TF_NO_SKIPS"] = "1"
    command = [sys.executable, "-m", "pytest", "-q", "-rfEs", "-p"]
    return subprocess.run(
        [*command, "skip_rules", "-c", os.devnull, str(folder)],
        env=environ,
        capture_output=True,
        text=True,
        cwd=folder,
    )


@pytest.mark.parametrize("no_skips", [False, True])
def test_skips_fail_where_none_are_allowed(tmp_path, no_skips):
    (tmp_path / "test_some.py").write_text(TESTS)
    done = run(tmp_path, no_skips)
    assert "1 xfailed" in done.stdout
    assert "no Docker" in done.stdout
    if no_skips:
        assert done.returncode == 1
        assert "1 failed, 1 skipped" in done.stdout
        assert "there is no moon (DCGAN_TF_NO_SKIPS is set" in done.stdout
    else:
        assert done.returncode == 0
        assert "2 skipped" in done.stdout


@pytest.mark.parametrize("no_skips", [False, True])
def test_a_module_of_what_is_not_installed(tmp_path, no_skips):
    (tmp_path / "test_one.py").write_text("def test_one(): pass")
    (tmp_path / "test_other.py").write_text(MODULE)
    done = run(tmp_path, no_skips)
    assert (done.returncode == 0) != no_skips
    assert "no_such_module" in done.stdout
