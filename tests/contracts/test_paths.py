"""Every command takes folders of every name.

Each special character is tried by itself in `tests/test_tf_paths.py`; here
they come several at a time, since a row goes through all commands.
"""

import importlib
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dcgan_tf.analysis import walk

pytestmark = pytest.mark.usefixtures("few_digits")
TINY = (
    "--image_size=16", "--base_filters=4", "--latent_dim=4",
    "--batch_size=4", "--strategy=one_device", "--precision=float32",
    "--report_every=1", "--sample_every=2", "--checkpoint_every=2",
)  # fmt: skip
SHELL = '-it\'s "two" $HOME `x` ; &\n#1 100%s'
PATTERN = "[2024] *?{a,b}\\n"
NAMES = {
    "shell and patterns": f"{SHELL} {PATTERN} {'x' * 150}",
    "not UTF-8": os.fsdecode(b"\xff\xfe") + " фото",
}


def call(name, *arguments):
    module = importlib.import_module(f"dcgan_tf.cli.{name}")
    assert module.main(list(arguments)) == 0


def write_pictures(folder, count=12):
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    for i in range(count):
        noise = rng.integers(0, 256, (20, 20, 3), np.uint8)
        Image.fromarray(noise).save(folder / f"{i}.png")


def is_picture(path):
    with Image.open(path) as image:
        return np.asarray(image).size > 0


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Images, and a run of two steps on digits."""
    folder = tmp_path_factory.mktemp("plain")
    write_pictures(folder / "pictures")
    call("train", *TINY, f"--run_dir={folder / 'run'}", "--steps=2")
    return folder


@pytest.fixture(params=NAMES.values(), ids=NAMES)
def place(request, tmp_path, trained, monkeypatch):
    """A folder of an odd name to be in; images, and a run, of that name."""
    monkeypatch.setenv("XDG_CACHE_HOME", os.fspath(tmp_path / request.param))
    here = tmp_path / "in" / request.param
    for kind, original in (("pictures", "pictures"), ("runs", "run")):
        (here / kind).mkdir(parents=True)
        shutil.copytree(trained / original, here / kind / request.param)
    monkeypatch.chdir(here)
    # Few frames: others test them all.
    monkeypatch.setattr(walk, "_GIF_STEPS", 2)
    monkeypatch.setattr(walk, "SMOOTHNESS_STEPS", 4)
    return request.param


def test_a_run_resumes_and_is_looked_at(place):
    run_dir = f"runs/{place}"
    call("train", *TINY, f"--run_dir={run_dir}", "--steps=4")
    assert Path(run_dir, "checkpoints", "ckpt-4.index").is_file()
    assert list(Path(run_dir, "logs").glob("events.*"))
    call("sample", f"--run_dir={run_dir}", f"--output={place}.png", "--num=4")
    assert is_picture(f"{place}.png")
    call("sample", f"--run_dir={run_dir}", f"--output={place}", "--num=2")
    assert is_picture(Path(place, "seed-1.png"))
    for view in ("walk", "report"):
        call("analyze", view, f"--run_dir={run_dir}")
    assert Path(run_dir, "report.html").is_file()
    call(
        "evaluate", f"--run_dir={run_dir}", "--measures=frechet",
        "--features=random", "--num_samples=12", f"--cache_dir={place}",
    )  # fmt: skip
    assert Path(run_dir, "evaluation", "4.json").is_file()


def test_a_run_is_exported_and_drawn_from(place):
    run_dir, export_dir = f"runs/{place}", f"exports/{place}"
    call("export", f"--run_dir={run_dir}", f"--export_dir={export_dir}")
    call("sample", f"--export_dir={export_dir}", "--output=a.png", "--num=4")
    call("sample", f"--run_dir={run_dir}", "--output=b.png", "--num=4")
    difference = np.asarray(Image.open("a.png")).astype(int) - np.asarray(
        Image.open("b.png")
    )
    assert np.abs(difference).max() <= 1
    call(
        "evaluate", f"--export_dir={export_dir}", "--measures=frechet",
        "--features=random", "--num_samples=12",
    )  # fmt: skip


def test_files_for_phones_are_exported(trained, tmp_path, monkeypatch):
    pytest.importorskip("ai_edge_litert")
    from dcgan_tf.serving.lite import lite_files

    # Names are the same for all others.
    monkeypatch.setattr(lite_files, "_PRECISIONS", {None: ("float32",)})
    name = os.fsdecode(b"[\xff]") + "*\\n '\n#"
    run_dir = tmp_path / name
    shutil.copytree(trained / "run", run_dir)
    call(
        "export", f"--run_dir={run_dir}", f"--export_dir={tmp_path}/to {name}",
        "--formats=tflite",
    )  # fmt: skip
    assert list(tmp_path.rglob("*.tflite"))


def test_a_collection_is_examined(place):
    output = f"sheets/{place}.png"
    call("data", f"--image_dir=pictures/{place}", f"--output={output}")
    assert is_picture(output)


def test_duplicates_are_found(place):
    pytest.importorskip("apache_beam")
    shutil.copy(f"pictures/{place}/0.png", f"pictures/{place}/again.png")
    call(
        "dedup", f"--image_dir=pictures/{place}", f"--output={place}.txt",
        f"--work_dir=work/{place}", "--steps=2",
    )  # fmt: skip
    names = Path(f"{place}.txt").read_text().split()
    assert len(names) == 1 and names[0] in ("0.png", "again.png")


def test_the_printed_command_exports_the_run(place, capfdbinary, monkeypatch):
    """Copied from the terminal, by whatever shell reads its bytes."""
    monkeypatch.setattr(sys, "argv", ["/usr/bin/dcgan-train"])
    call(
        "train", *TINY, f"--image_dir=pictures/{place}", "--steps=1",
        f"--run_dir=new/{place}", "--cache=disk",
    )  # fmt: skip
    printed = os.fsdecode(capfdbinary.readouterr().out)
    _, line = printed.split("  export       ")
    program, *arguments = shlex.split(line)
    assert program == "dcgan-export"
    assert arguments == [f"--run_dir=new/{place}"]


def test_the_default_run_folder_of_a_folder_of_images(trained, tmp_path):
    """`photos [2024]` trains, and resumes, without anybody naming a path."""
    program = (
        "import sys\n"
        "from dcgan_tf.cli import sample, train\n"
        "images, run_dir, *flags = sys.argv[1:]\n"
        "for steps in (1, 2):\n"
        "    arguments = [*flags, f'--image_dir={images}',\n"
        "                 f'--steps={steps}']\n"
        "    assert train.main(arguments) == 0\n"
        "assert sample.main([f'--run_dir={run_dir}', '--num=1']) == 0\n"
    )
    name = "фото [2024]"
    shutil.copytree(trained / "pictures", tmp_path / name)
    result = subprocess.run(
        [sys.executable, "-c", program, name, f"runs/{name}", *TINY],
        cwd=tmp_path,
        capture_output=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PYTHONUTF8": "0",
            "LC_ALL": "C",
        },
    )
    assert result.returncode == 0, result.stderr.decode()
    assert f"runs/{name}".encode() in result.stdout
    assert is_picture(tmp_path / "samples.png")
