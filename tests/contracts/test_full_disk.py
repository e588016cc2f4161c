"""Disks that take no more, whatever writes: one line, nothing half written.

Python's files fail once a first part of them is there, and TensorFlow's own
writers as they do there.
"""

import builtins
import errno
import io
import os
import shutil
from pathlib import Path

import matplotlib.figure
import numpy as np
import pytest
import tensorflow as tf
from fixtures import forked
from fixtures.errors import list_errors
from fixtures.tiny_run import make_pictures, make_run

from dcgan_tf import images
from dcgan_tf.analysis import forget
from dcgan_tf.cli import analyze, client, data, dedup, evaluate, sample, train
from dcgan_tf.cli import export as export_command
from dcgan_tf.evaluation import evaluate as evaluation
from dcgan_tf.failures import DiskFullError
from dcgan_tf.serving import client as serving_client

TINY_RUN = (
    "--image_size=16", "--base_filters=4", "--latent_dim=8", "--steps=2",
    "--batch_size=4", "--strategy=one_device", "--precision=float32",
)  # fmt: skip


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Noise, and one image twice, for `dedup` to find."""
    folder = make_pictures(tmp_path_factory.mktemp("full") / "pictures")
    shutil.copy(folder / "00.png", folder / "again.png")
    return folder


@pytest.fixture(scope="module")
def run_dir(pictures, tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("full_run") / "run", pictures)


# What TensorFlow makes of the system's errors of writing.
TF_ERRORS = {
    errno.ENOSPC: tf.errors.ResourceExhaustedError,
    errno.EDQUOT: tf.errors.ResourceExhaustedError,
    errno.EFBIG: tf.errors.OutOfRangeError,
    errno.EIO: tf.errors.UnknownError,
}
# And what is said of them.
SAID = {
    errno.ENOSPC: "no space left on the disk",
    errno.EDQUOT: "no space left on the disk",
    errno.EFBIG: "larger than its file system allows",
    errno.EIO: "Input/output error",
}


class FailingFile(io.FileIO):
    """A file that can be opened, and not be written to."""

    def __init__(self, path, number):
        super().__init__(path, "r+")
        self._number = number

    def write(self, contents):
        raise OSError(self._number, os.strerror(self._number))


@pytest.fixture
def fail_writes(monkeypatch):
    """Makes writing in a folder fail from now on, as with a full disk."""

    def fill(folder, number=errno.ENOSPC):
        real_open = io.open

        def open_full(file, mode="r", *args, **options):
            is_path = isinstance(file, str | os.PathLike)
            if (
                not is_path
                or not set(mode) & set("wx")
                or folder not in Path(os.path.abspath(file)).parents
            ):
                return real_open(file, mode, *args, **options)
            with real_open(file, "wb") as partial:
                partial.write(b"half")
            return open_failing(file, mode, number, **options)

        monkeypatch.setattr(io, "open", open_full)
        monkeypatch.setattr(builtins, "open", open_full)

        def make_full(save):
            def save_full(saved, path, *args, **options):
                if folder not in Path(path).parents:
                    return save(saved, path, *args, **options)
                raise TF_ERRORS[number](
                    None, None, f"{path}; {os.strerror(number)}\npages"
                )

            return save_full

        for owner, name in (
            (tf.saved_model, "save"),
            (tf.train.Checkpoint, "write"),
        ):
            monkeypatch.setattr(owner, name, make_full(getattr(owner, name)))

    return fill


def open_failing(path, mode, number, buffering=-1, encoding=None, **_):
    raw = FailingFile(path, number)
    if buffering == 0:
        return raw
    file = io.BufferedWriter(raw)
    return file if "b" in mode else io.TextIOWrapper(file, encoding)


def predict(model, signature, inputs):
    """Answers as a model server does."""
    return {
        "features": np.zeros((1, 3), np.float32),
        "images": np.zeros((1, 16, 16, 3), np.uint8),
    }


def list_all(folder):
    return {
        path.relative_to(folder): path.is_file() and path.stat().st_size
        for path in folder.rglob("*")
    }


CASES = {
    "sample": (sample, ["--run_dir=RUN", "--num=4", "--output=OUT/a.png"]),
    "sample folder": (sample, ["--run_dir=RUN", "--num=2", "--output=OUT/a"]),
    "data": (
        data,
        ["--image_dir=PICTURES", "--image_size=16", "--output=OUT/a.png"],
    ),
    "dedup": (
        dedup,
        ["--image_dir=PICTURES", "--steps=1", "--output=OUT/a.txt"],
    ),
    "dedup work": (
        dedup,
        ["--image_dir=PICTURES", "--steps=1", "--output=DISK/b/a.txt",
         "--work_dir=OUT"],
    ),
    "client": (client, ["--num=1", "--output=OUT/a.png"]),
    "client features": (client, ["PICTURES/00.png", "--output=OUT/a.npy"]),
    "export": (export_command, ["--run_dir=RUN", "--export_dir=OUT"]),
    "export tflite": (
        export_command,
        ["--run_dir=RUN", "--export_dir=OUT", "--formats=tflite"],
    ),
    "disk cache": (
        train,
        [*TINY_RUN, "--image_dir=PICTURES", "--run_dir=DISK/r",
         "--cache=disk"],
    ),
    "train": (train, [*TINY_RUN, "--image_dir=PICTURES", "--run_dir=OUT/r"]),
}  # fmt: skip


# What each number of the system means is said in one place. These, which
# write by Python's files and by both of TensorFlow's, are tried with all.
TRIED_WITH_ALL = ("sample", "data", "client", "export", "train")
# And these, which take long, with one alone.
TRIED_WITH_ONE = ("export tflite", "dedup work")


def list_failures():
    for name in CASES:
        for number in SAID:
            if (
                number == errno.ENOSPC
                or name in TRIED_WITH_ALL
                or (number == errno.EIO and name not in TRIED_WITH_ONE)
            ):
                case = f"{name}-{errno.errorcode[number]}"
                yield pytest.param(name, number, id=case)


VIEWS = {
    "filters": ["filters"],
    "walk": ["walk"],
    "samples": ["arithmetic", "--pick=1,2,3/4,5,6/7,8,9"],
    "report": ["report"],
}


@pytest.mark.parametrize("argv", VIEWS.values(), ids=VIEWS.keys())
def test_views_of_a_run(argv, run_dir, tmp_path, fail_writes, capfd):
    copy = shutil.copytree(run_dir, tmp_path / "run")
    before = list_all(copy)
    fail_writes(copy)
    assert analyze.main([*argv, f"--run_dir={copy}"]) == 1
    errors = capfd.readouterr().err
    assert len(list_errors(errors)) == 1, errors
    assert "no space left" in errors and str(copy) in errors
    assert "needed" in errors
    assert list_all(copy) == before


def test_evaluate(run_dir, tmp_path, fail_writes, monkeypatch, capfd):
    copy = shutil.copytree(run_dir, tmp_path / "run")
    before = list_all(copy)
    monkeypatch.setattr(evaluation, "evaluate", lambda *_, **__: {"step": 1})
    fail_writes(copy)
    assert evaluate.main([f"--run_dir={copy}"]) == 1
    errors = capfd.readouterr().err.splitlines()
    assert "no space left" in errors[-1] and str(copy) in errors[-1]
    assert "needed" in errors[-1]
    assert not [line for line in errors if "Traceback" in line]
    assert list_all(copy) == before


@pytest.mark.parametrize(
    "save",
    [
        lambda path: images.save_figure(path, matplotlib.figure.Figure()),
        lambda path: forget.save_found_boxes(
            path, forget.LabelledBoxes(0, {0: ((0, 0, 1, 1),)})
        ),
    ],
    ids=["figure", "boxes"],
)
def test_files_that_take_long_to_get_to(save, tmp_path, fail_writes):
    path = tmp_path / "a.png"
    path.write_bytes(b"of before")
    fail_writes(tmp_path)
    with pytest.raises(DiskFullError, match="needed"):
        save(path)
    assert path.read_bytes() == b"of before"
    assert list(tmp_path.iterdir()) == [path]


# Real limits, and a file that is larger.
LIMITED = {
    "sample": (500, "OUT/a.png"),
    "export": (20_000, "OUT"),
    "train": (100_000, "OUT/r/checkpoints/ckpt-2"),
}


@pytest.mark.parametrize("name", LIMITED)
def test_a_limit_of_the_process_is_named_with_the_file(
    name, run_dir, pictures, tmp_path
):
    command, argv = CASES[name]
    limit, named = LIMITED[name]
    places = {"RUN": run_dir, "PICTURES": pictures, "OUT": tmp_path}
    for place, path in places.items():
        argv = [arg.replace(place, str(path)) for arg in argv]
    # More weights than grids of samples have pixels.
    argv += ["--base_filters=24"] if command is train else []
    code = (
        "import resource, sys\n"
        f"from {command.__name__} import main\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    ended = forked.run(["-c", code, *argv], timeout=300)
    assert ended.returncode == 1
    errors = [line for line in ended.stderr.splitlines() if "error" in line]
    assert len(errors) == 1, ended.stderr
    named = named.replace("OUT", str(tmp_path))
    assert f"{named!r} would be larger than the " in errors[0]
    assert "raise the limit" in errors[0]
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(("name", "number"), list_failures())
def test_one_line_and_nothing_half_written(
    name, number, run_dir, pictures, tmp_path, fail_writes, monkeypatch, capfd
):
    command, argv = CASES[name]
    if command is dedup:
        pytest.importorskip("apache_beam")
    out = tmp_path / "out"
    out.mkdir()
    places = {
        "RUN": run_dir,
        "PICTURES": pictures,
        "OUT": out,
        "DISK": tmp_path / "disk",
    }
    for name, place in places.items():
        argv = [arg.replace(name, str(place)) for arg in argv]
    monkeypatch.setenv("XDG_CACHE_HOME", str(out))
    monkeypatch.setattr(
        serving_client, "PROTOCOLS", {"rest": lambda *_: predict}
    )
    # What was there stays as it is.
    for name in ("a.png", "a.txt", "a.npy"):
        (out / name).write_bytes(b"of before")
    before = list_all(out)
    fail_writes(out, number)
    assert command.main(argv) == 1
    monkeypatch.undo()
    errors = [
        line
        for line in capfd.readouterr().err.splitlines()
        if ": error: " in line or "Traceback" in line
    ]
    assert len(errors) == 1, errors
    assert SAID[number] in errors[0] and str(out) in errors[0]
    # Which would mean nothing to users, and is gone.
    assert ".partial" not in errors[0] and ".writing-" not in errors[0]
    if "no space left" in errors[0] and command is not dedup:
        assert "needed" in errors[0]
    after = list_all(out)
    # A run is resumed in its folders, and the cache is everybody's.
    after = {
        path: size
        for path, size in after.items()
        if path.parts[0] not in ("r", "dcgan_tf")
        or (size and path.name != ".lock")
    }
    assert after == before
