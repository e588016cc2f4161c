"""The wheel in a bare environment: everything a user's shell needs is in it."""

import configparser
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILT_FROM = ("LICENSE", "README.md", "pyproject.toml", "setup.cfg")
TINY = (
    "--steps=2", "--image_size=16", "--base_filters=4", "--latent_dim=8",
    "--batch_size=8", "--precision=float32", "--run_dir=run",
)  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, since building leaves folders behind."""
    copy = tmp_path_factory.mktemp("copy")
    for name in BUILT_FROM:
        shutil.copy(ROOT / name, copy)
    ignored = shutil.ignore_patterns("__pycache__", "node_modules")
    shutil.copytree(ROOT / "dcgan_tf", copy / "dcgan_tf", ignore=ignored)
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps",
         "--no-index", "--no-build-isolation", f"--wheel-dir={folder}", copy],
        check=True,
    )  # fmt: skip
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def programs(wheel, tmp_path_factory):
    """The bare environment's programs; what it depends on is borrowed."""
    environment = tmp_path_factory.mktemp("bare")
    python = environment / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", environment], check=True
    )
    subprocess.run(
        [sys.executable, "-m", "pip", f"--python={python}", "install",
         "--quiet", "--no-deps", "--no-index", wheel],
        check=True,
    )  # fmt: skip
    # A path in a .pth file is searched last, and its own .pth files aren't
    # read: an editable installation there is not seen.
    (site_packages,) = environment.glob("lib/python*/site-packages")
    borrowed = sysconfig.get_path("purelib")
    (site_packages / "borrowed.pth").write_text(f"{borrowed}\n")
    return environment / "bin"


def run(program, *arguments, cwd):
    environment = {
        key: value
        for key, value in os.environ.items()
        if key not in ("PYTHONPATH", "PYTHONHOME", "TF_CPP_MIN_LOG_LEVEL")
    }
    environment |= {"HOME": str(cwd), "XDG_CACHE_HOME": str(cwd / "cache")}
    result = subprocess.run(
        [program, *arguments],
        cwd=cwd, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "E0000" not in result.stderr  # As TensorFlow marks its errors.
    return result.stdout


@pytest.mark.slow
def test_the_wheel_holds_the_package_its_data_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("py.typed", "serving/web/index.html", "__main__.py"):
        assert f"dcgan_tf/{name}" in names
    tops = {name.split("/")[0] for name in names}
    assert "dcgan_tf" in tops
    assert all(top.startswith("dcgan_tf") for top in tops)


@pytest.mark.slow
def test_a_bare_environment_trains_samples_and_exports(programs, tmp_path):
    dcgan = programs / "dcgan"
    # What TensorFlow's rewriting of graphs fails at, were it not told.
    trained = run(
        dcgan, "train", *TINY, "--nodiscriminator_batch_norm", cwd=tmp_path
    )
    assert "dcgan export --run_dir=run" in trained
    # In one process, as TensorFlow takes seconds to import.
    both = (
        "import sys, dcgan_tf; from dcgan_tf.cli.main import main; "
        "print(dcgan_tf.__file__, flush=True); "
        "sys.exit(main(['sample', '--run_dir=run', '--num=4'])"
        " or main(['export', '--run_dir=run']))"
    )
    printed = run(programs / "python", "-c", both, cwd=tmp_path)
    assert printed.startswith(str(programs.parent))
    assert (tmp_path / "samples.png").is_file()
    exports = tmp_path / "exports" / "run"
    assert (exports / "generator" / "1" / "saved_model.pb").is_file()


def list_programs():
    """Returns the programs that the package declares."""
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    declared = settings["options.entry_points"]["console_scripts"]
    return [line.split(" = ")[0] for line in declared.split("\n") if line]


@pytest.mark.slow
@pytest.mark.parametrize("name", list_programs())
def test_every_program_is_installed(name, programs, tmp_path):
    assert f"Usage: {name} " in run(programs / name, "--help", cwd=tmp_path)
